import HTTPService
import JSON
import PolicyEngine

/// `GET /.well-known/authzen-configuration` (Authorization API 1.0 §9).
enum AuthZENConfiguration {
    /// - Parameter publicURL: under which the server is known outside; without it, what the request calls it.
    static func answer(_ request: HTTPRequest, publicURL: String?, isTLS: Bool) -> HTTPResponse {
        guard let base = publicURL.map(withoutSlash) ?? request.header("Host").flatMap({ url(host: $0, isTLS: isTLS) }) else {
            return .problem(Problem(status: .badRequest, detail: "the `Host` field is not a host with or without a port"))
        }
        return EnforcementServer.json([
            "policy_decision_point": .string(base),
            "access_evaluation_endpoint": .string(base + AuthZENPath.evaluation),
            "access_evaluations_endpoint": .string(base + AuthZENPath.evaluations),
            "search_subject_endpoint": .string(base + AuthZENPath.search(.subject)),
            "search_resource_endpoint": .string(base + AuthZENPath.search(.resource)),
            "search_action_endpoint": .string(base + AuthZENPath.search(.action)),
        ])
    }

    private static func withoutSlash(_ url: String) -> String {
        var url = url[...]
        while url.last == "/" { url.removeLast() }
        return String(url)
    }

    /// What a client has sent becomes part of what others may be shown by a cache: only letters that names, addresses and ports are made of.
    static func url(host: String, isTLS: Bool) -> String? {
        var rest = host[...]
        guard (1...255).contains(host.utf8.count) else { return nil }
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard !address.isEmpty, address.utf8.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
                return nil
            }
            rest = rest[rest.index(after: end)...]
        } else {
            let name = rest.prefix { $0 != ":" }
            guard !name.isEmpty, name.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else {
                return nil
            }
            rest = rest[name.endIndex...]
        }
        if !rest.isEmpty {
            let digits = rest.dropFirst()
            guard rest.first == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                UInt16(digits) != nil
            else { return nil }
        }
        return "\(isTLS ? "https" : "http")://\(host)"
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20) }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) }
}
