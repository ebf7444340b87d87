/// An address that files are fetched from: http or https, with a host, and without a name or a password in it.
public struct WebAddress: Sendable, Hashable {
    /// Why a text is no such address.
    public struct Invalid: Error, Sendable, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    public let text: String
    /// `https://files.example:8443`, in small letters, with the port only where it is not the usual one. Two addresses with the same
    /// origin are of one server.
    public let origin: String
    /// Whether what is sent can be read and changed by nobody on the way: https, or a server on this machine.
    public let isPrivate: Bool

    public static func isOne(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("http://") || start.hasPrefix("https://")
    }

    public init(_ text: String) throws(Invalid) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Invalid(description: "an address has visible ASCII characters only, and no spaces")
        }
        guard text.utf8.count <= 2_000 else { throw Invalid(description: "the address is longer than 2000 characters") }
        guard Self.isOne(text), let mark = text.firstRange(of: "://") else {
            throw Invalid(description: "the address does not begin with http:// or https://")
        }
        guard !text.contains("#") else { throw Invalid(description: "the address has a fragment (`#`), which is never sent") }
        let scheme = text[..<mark.lowerBound].lowercased()
        let authority = text[mark.upperBound...].prefix { !"/?".contains($0) }
        guard !authority.contains("@") else {
            throw Invalid(description: "the address holds a name or a password; give a token by the environment instead")
        }
        let (host, port) = try Self.split(authority.lowercased(), scheme)
        self.text = text
        isPrivate = scheme == "https" || ["localhost", "127.0.0.1", "[::1]"].contains(host)
        origin = "\(scheme)://\(host)" + (port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)")
    }

    private static func split(_ authority: String, _ scheme: String) throws(Invalid) -> (host: String, port: Int) {
        let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
        let host = String(authority[..<(colon ?? authority.endIndex)])
        guard !host.isEmpty, host != "[]" else { throw Invalid(description: "the address names no host") }
        guard let colon else { return (host, scheme == "https" ? 443 : 80) }
        guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else {
            throw Invalid(description: "the address names no port between 1 and 65535")
        }
        return (host, port)
    }

    /// The address without its query, which may hold a signature that opens an object store.
    public var shown: String { String(text.prefix { $0 != "?" }) }

    /// The same with `suffix` behind its path.
    public func appending(_ suffix: String) throws(Invalid) -> WebAddress {
        let path = text.prefix { $0 != "?" }
        return try WebAddress(path + suffix + text.dropFirst(path.count))
    }

    /// The address with `path` behind its own, with one slash between them.
    public func appending(path: String) throws(Invalid) -> WebAddress {
        let own = text.prefix { $0 != "?" }
        var base = own
        while base.hasSuffix("/") { base = base.dropLast() }
        return try WebAddress(base + path + text.dropFirst(own.count))
    }
}
