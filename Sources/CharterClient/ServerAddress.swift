/// Where a server is: what is needed of a URL.
struct ServerAddress: Sendable, Hashable {
    var isSecure: Bool
    var host: String
    var port: Int
    /// What stands before each path; empty, or `/prefix`.
    var prefix: String

    init(_ url: String) throws(CharterClientError) {
        guard let scheme = url.firstRange(of: "://") else { throw .configuration("`\(url)` is no URL") }
        switch url[..<scheme.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw .configuration("the URL must begin with http:// or https://")
        }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        // A password would stand in every log that a URL stands in.
        if authority.contains("@") { throw .configuration("the URL must hold no credential; there is `key` for it") }
        var path = rest[authority.endIndex...]
        guard path.utf8.allSatisfy({ (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }) else {
            throw .configuration("the URL must have no query and no fragment, and no characters that must be encoded")
        }
        while path.last == "/" { path.removeLast() }
        prefix = String(path)
        var name = authority[...]
        var number: Substring?
        if name.first == "[", let end = name.firstIndex(of: "]") {
            number = name[name.index(after: end)...]
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.firstIndex(of: ":") {
            number = name[colon...]
            name = name[..<colon]
        }
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isHostByte) else { throw .configuration("the URL names no host") }
        host = String(name)
        port = isSecure ? 443 : 80
        if let number, !number.isEmpty {
            guard number.first == ":", let value = UInt16(number.dropFirst()), value > 0 else {
                throw .configuration("`\(number.dropFirst())` is no port")
            }
            port = Int(value)
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || [0x2d, 0x2e, 0x3a, 0x5f].contains(byte)
    }

    var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}
