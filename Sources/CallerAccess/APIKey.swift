import Diagnostics
import Digest

/// A secret by which a machine proves who it is. It is shown once, when it is made; what is kept is its digest.
public struct APIKey: Sendable {
    /// `chk_` and 36 characters.
    public let text: String

    /// A new one, by the system's randomness: 178 bits of it.
    public static func make() -> APIKey {
        var random = SystemRandomNumberGenerator()
        let body = (0..<APIKeyFormat.bodyCount).map { _ in
            APIKeyFormat.alphabet[Int.random(in: 0..<APIKeyFormat.alphabet.count, using: &random)]
        }
        return APIKey(text: String(decoding: APIKeyFormat.key(body: body), as: UTF8.self))
    }

    private init(text: String) { self.text = text }

    /// `nil` for a text that cannot be a key: another form, or a checksum that is wrong.
    public init?(_ text: String) {
        guard APIKeyFormat.isKey(text.utf8) else { return nil }
        self.text = text
    }

    /// Whether a credential says of itself that it is a key.
    public static func isMeant(by credential: String) -> Bool { credential.utf8.starts(with: APIKeyFormat.prefix) }

    /// What is kept of it.
    public var digest: SHA256Digest { SHA256Digest(of: Array(text.utf8)) }

    /// The public name of a key: tells which one is meant and nothing of it.
    static func makeID() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        return "key-" + String(decoding: (0..<12).map { _ in digits[Int.random(in: 0..<36, using: &random)] }, as: UTF8.self)
    }
}
