import NIOHTTP1

/// Routes of a service: method and path to handler.
public struct Router: Sendable {
    /// Answers a request, on the event loop: it must not block. What takes time is returned as ``HTTPResult/later(_:)``.
    public typealias Handler = @Sendable (HTTPRequest) -> HTTPResult

    struct Route: Sendable {
        var index: Int
        var pattern: String
        var handlers: [(method: HTTPMethod, handler: Handler)] = []
        /// For the methods that have none of their own.
        var anyHandler: Handler?
        /// What is said to whoever comes with another method.
        var advice: String?

        func handler(for method: HTTPMethod) -> Handler? {
            if let exact = handlers.first(where: { $0.method == method }) { return exact.handler }
            if method == .HEAD, let get = handlers.first(where: { $0.method == .GET }) { return get.handler }
            return anyHandler
        }

        /// The value of an `Allow` header field.
        var allow: String {
            var names = handlers.map(\.method.rawValue)
            if names.contains("GET"), !names.contains("HEAD") { names.append("HEAD") }
            return names.sorted().joined(separator: ", ")
        }
    }

    /// A route and what its capture stands for.
    struct Match {
        var route: Route
        var capture: String?
    }

    private(set) var routes: [Route] = []
    private(set) var expressRoutes: [ExpressRoute] = []
    private var exact: [String: Int] = [:]
    /// Routes ending in `{name}`, by the path before it, which ends in a slash.
    private var segment: [String: Int] = [:]
    /// Routes ending in `{name...}`, likewise.
    private var rest: [String: Int] = [:]

    /// A router without routes.
    public init() {}

    /// Answers `method` on `path` with `handler`.
    ///
    /// `path` is matched as it stands, or ends in `/{name}` for one further non-empty segment, or in `/{name...}` for whatever
    /// follows, slashes included. An exact route wins over `{name}`, and that over the longest `{name...}`.
    ///
    /// - Precondition: `path` is well-formed and not registered for `method` yet; routes are written in source, not taken from input.
    public mutating func on(_ method: HTTPMethod, _ path: String, handler: @escaping Handler) {
        let index = route(path)
        precondition(!routes[index].handlers.contains { $0.method == method }, "route `\(method) \(path)` is registered twice")
        routes[index].handlers.append((method: method, handler: handler))
    }

    /// Answers every method on `path` that has no handler of its own.
    ///
    /// - Precondition: as for ``on(_:_:handler:)``.
    public mutating func onAny(_ path: String, handler: @escaping Handler) {
        let index = route(path)
        precondition(routes[index].anyHandler == nil, "route `\(path)` is registered twice")
        routes[index].anyHandler = handler
    }

    /// Says more to whoever comes with a method that is not answered: what would do what he wants.
    ///
    /// - Precondition: as for ``on(_:_:handler:)``.
    public mutating func adviseMethods(_ path: String, _ advice: String) { routes[route(path)].advice = advice }

    private mutating func route(_ path: String) -> Int {
        precondition(path.hasPrefix("/"), "route `\(path)` must begin with a slash")
        let index: Int
        if let brace = path.firstIndex(of: "{") {
            let prefix = String(path[..<brace])
            let name = path[brace...]
            precondition(prefix.hasSuffix("/") && name.hasSuffix("}"), "route `\(path)` must end in `/{name}` or `/{name...}`")
            precondition(!name.dropFirst().contains("{") && !name.contains("/"), "route `\(path)` must have one capture, at its end")
            if name.hasSuffix("...}") {
                index = rest[prefix] ?? addRoute(path)
                rest[prefix] = index
            } else {
                index = segment[prefix] ?? addRoute(path)
                segment[prefix] = index
            }
        } else {
            index = exact[path] ?? addRoute(path)
            exact[path] = index
        }
        return index
    }

    /// Answers a POST to `path` from bytes to bytes where that can be done.
    ///
    /// - Precondition: an ordinary handler for it is there already, for what cannot.
    public mutating func express(_ path: String, handler: @escaping ExpressHandler) {
        guard let index = exact[path], routes[index].handler(for: .POST) != nil else {
            preconditionFailure("`POST \(path)` has no ordinary handler")
        }
        expressRoutes.append(ExpressRoute(line: Array("POST \(path) HTTP/1.1\r\n".utf8), index: index, handler: handler))
    }

    private mutating func addRoute(_ pattern: String) -> Int {
        routes.append(Route(index: routes.count, pattern: pattern))
        return routes.count - 1
    }

    /// The route of a target, whatever the method.
    func match(_ target: RequestTarget) -> Match? {
        let path = target.path
        if let index = exact[path], target.encodedSlashes.isEmpty { return Match(route: routes[index]) }
        if segment.isEmpty && rest.isEmpty { return nil }
        var end = path.utf8.endIndex
        var isLastSegment = true
        while let slash = lastSlash(of: target, before: end) {
            let split = path.utf8.index(after: slash)
            let prefix = String(path[..<split])
            if isLastSegment, split != path.utf8.endIndex, let index = segment[prefix] {
                return Match(route: routes[index], capture: String(path[split...]))
            }
            if let index = rest[prefix] { return Match(route: routes[index], capture: String(path[split...])) }
            isLastSegment = false
            end = slash
        }
        return nil
    }

    /// The last slash before `end` that stands between segments.
    private func lastSlash(of target: RequestTarget, before end: String.Index) -> String.Index? {
        let bytes = target.path.utf8
        var end = end
        while let slash = bytes[..<end].lastIndex(of: UInt8(ascii: "/")) {
            if target.encodedSlashes.isEmpty || !target.encodedSlashes.contains(bytes.distance(from: bytes.startIndex, to: slash)) {
                return slash
            }
            end = slash
        }
        return nil
    }
}
