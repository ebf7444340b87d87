import HTTPService
import NIOHTTP1

/// The routes of the server, each behind the gate unless it is open to all.
struct APIRoutes {
    /// A route, and what a caller must be allowed to do to use it: nothing where it is for everybody.
    struct Listed {
        var method: HTTPMethod
        var path: String
        var operation: APIOperation?
        /// Whether it is for every method, of which `method` is one.
        var isForAnyMethod = false
    }

    private(set) var router = Router()
    /// All of them, in the order in which they were added.
    private(set) var listed: [Listed] = []
    private let gate: any CallerGate
    /// Whether responses tell the log of requests who has asked.
    private let namesCallers: Bool

    init(_ gate: any CallerGate, namesCallers: Bool) {
        self.gate = gate
        self.namesCallers = namesCallers
    }

    /// A route for callers who may do `operation`.
    mutating func on(
        _ method: HTTPMethod, _ path: String, _ operation: APIOperation,
        handler: @escaping @Sendable (HTTPRequest, Caller) -> HTTPResult
    ) {
        listed.append(Listed(method: method, path: path, operation: operation))
        router.on(method, path, handler: guarded(operation, handler))
    }

    /// The same for every method that has no route of its own on this path.
    ///
    /// - Parameter credential: the field that holds the caller's credential in the place of `Authorization`, which is somebody else's.
    mutating func onAny(
        _ path: String, _ operation: APIOperation, credential: String,
        handler: @escaping @Sendable (HTTPRequest, Caller) -> HTTPResult
    ) {
        // One of them stands for all: what follows does not look at the method before the gate has.
        listed.append(Listed(method: .POST, path: path, operation: operation, isForAnyMethod: true))
        let guarded = guarded(operation, handler)
        router.onAny(path) { request in
            var own = request
            own.headers.remove(name: "Authorization")
            for value in request.headers[credential] { own.headers.add(name: "Authorization", value: value) }
            own.headers.remove(name: credential)
            return guarded(own)
        }
    }

    private func guarded(
        _ operation: APIOperation, _ handler: @escaping @Sendable (HTTPRequest, Caller) -> HTTPResult
    ) -> Router.Handler {
        let handler = namesCallers ? Self.naming(handler) : handler
        return { [gate] request in
            switch gate.admit(request, to: operation) {
            case .admitted(let caller): return handler(request, caller)
            case .refused(let response): return .ready(response)
            case .later(let find):
                return .later {
                    switch await find() {
                    case .refused(let response): return response
                    case .admitted(let caller):
                        switch handler(request, caller) {
                        case .ready(let response): return response
                        case .later(let work): return await work()
                        }
                    }
                }
            }
        }
    }

    /// The same, and its responses tell the log of requests who has asked.
    private static func naming(
        _ handler: @escaping @Sendable (HTTPRequest, Caller) -> HTTPResult
    ) -> @Sendable (HTTPRequest, Caller) -> HTTPResult {
        { request, caller in
            switch handler(request, caller) {
            case .ready(var response):
                response.caller = caller.text
                return .ready(response)
            case .later(let work):
                return .later {
                    var response = await work()
                    response.caller = caller.text
                    return response
                }
            }
        }
    }

    /// Beside the ordinary route of a POST, one from bytes to bytes, for callers who are known at once.
    mutating func express(
        _ path: String, _ operation: APIOperation,
        handler: @escaping @Sendable (ExpressRequest, Caller, (UnsafeRawBufferPointer) -> Void) -> Bool
    ) {
        router.express(path) { [gate] request, respond in
            let caller = gate.admitAtOnce(request.authorization, peer: request.peer, to: operation)
            guard let caller else { return false }
            return handler(request, caller, respond)
        }
    }

    /// What is said to whoever comes to `path` with a method that is not answered there.
    mutating func advise(_ path: String, _ advice: String) { router.adviseMethods(path, advice) }

    /// A route for everybody: what it answers tells nothing that is not for all, and a message that it takes proves itself.
    mutating func open(_ method: HTTPMethod, _ path: String, handler: @escaping Router.Handler) {
        listed.append(Listed(method: method, path: path))
        router.on(method, path, handler: handler)
    }
}
