/// Finds credentials by the formats their issuers publish, so that none is stored, and none reaches a terminal, a log or a bundle.
public enum SecretScanner {
    /// What a found credential is.
    public struct Finding: Hashable, Sendable {
        public var name: String
        /// Offsets in UTF-8 bytes.
        public var range: Range<Int>
    }

    private struct Format {
        var name: String
        var prefix: [UInt8]
        /// The fewest token characters (letters, digits, `-`, `_`, `.`) after the prefix.
        var minimumTail: Int
        var needsDigit: Bool

        init(_ name: String, _ prefix: String, _ minimumTail: Int, needsDigit: Bool = true) {
            self.name = name
            self.prefix = Array(prefix.utf8)
            self.minimumTail = minimumTail
            self.needsDigit = needsDigit
        }
    }

    private static let formats: [Format] = [
        Format("an Anthropic API key", "sk-ant-", 16),
        Format("an OpenAI API key", "sk-", 20),
        Format("an AWS access key id", "AKIA", 16),
        Format("a temporary AWS access key id", "ASIA", 16),
        Format("a Google API key", "AIza", 30),
        Format("a GitHub token", "ghp_", 30),
        Format("a GitHub token", "gho_", 30),
        Format("a GitHub token", "ghs_", 30),
        Format("a GitHub token", "ghu_", 30),
        Format("a GitHub token", "ghr_", 30),
        Format("a GitHub token", "github_pat_", 30),
        Format("a GitLab token", "glpat-", 16),
        Format("a Slack token", "xoxb-", 16),
        Format("a Slack token", "xoxp-", 16),
        Format("a Slack token", "xapp-", 16),
        Format("a Stripe key", "sk_live_", 16),
        Format("a Stripe key", "rk_live_", 16),
        Format("a Hugging Face token", "hf_", 30),
        Format("a JSON Web Token", "eyJ", 60),
        Format("a Charter API key", "chk_", 30),
    ]

    private static let privateKey = Array("PRIVATE KEY-----".utf8)
    /// What stands in the place of a credential.
    private static let mark = Array("[secret]".utf8)
    private static let authority = Array("://".utf8)

    /// The first credential in `text`, or `nil`.
    public static func find(in text: String) -> Finding? {
        var text = text
        return text.withUTF8 { find(in: $0, from: 0) }
    }

    /// `text` with every credential replaced by `[secret]`.
    public static func mask(_ text: String) -> String {
        var bytes = Array(text.utf8)
        var from = 0
        while let found = bytes.withUnsafeBufferPointer({ find(in: $0, from: from) }) {
            bytes.replaceSubrange(found.range, with: mark)
            from = found.range.lowerBound + mark.count
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func find(in bytes: UnsafeBufferPointer<UInt8>, from: Int) -> Finding? {
        // `://u:p@` is the shortest there is; nearly every string of a document is short or has none of the first letters.
        guard bytes.count >= 7 else { return nil }
        for index in from..<max(from, bytes.count) {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "s"), UInt8(ascii: "A"), UInt8(ascii: "g"), UInt8(ascii: "x"), UInt8(ascii: "h"), UInt8(ascii: "e"),
                UInt8(ascii: "c"), UInt8(ascii: "r"):
                if index > 0, isToken(bytes[index - 1]) { continue }
                if let found = token(in: bytes, at: index) { return found }
            case UInt8(ascii: "P"):
                if starts(bytes, at: index, with: privateKey) {
                    return Finding(name: "a private key", range: index..<bytes.count)
                }
            case UInt8(ascii: ":"):
                if starts(bytes, at: index, with: authority), let found = password(in: bytes, after: index + 3) { return found }
            default: break
            }
        }
        return nil
    }

    private static func token(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Finding? {
        for format in formats where starts(bytes, at: index, with: format.prefix) {
            var end = index + format.prefix.count
            var digits = 0
            while end < bytes.count, isToken(bytes[end]) || bytes[end] == UInt8(ascii: ".") {
                if (0x30...0x39).contains(bytes[end]) { digits += 1 }
                end += 1
            }
            let tail = end - index - format.prefix.count
            // One in some hundred of Charter's own has no digit; they have a checksum instead.
            let isOwn = format.prefix == APIKeyFormat.prefix && APIKeyFormat.isKey(UnsafeBufferPointer(rebasing: bytes[index..<end]))
            if isOwn || (tail >= format.minimumTail && (!format.needsDigit || digits > 0)) {
                return Finding(name: format.name, range: index..<end)
            }
        }
        return nil
    }

    /// `user:password@` behind `://`; a placeholder (`$NAME`, `${name}`, `<name>`) is no password.
    private static func password(in bytes: UnsafeBufferPointer<UInt8>, after start: Int) -> Finding? {
        var colon: Int?
        for index in start..<max(start, bytes.count) {
            switch bytes[index] {
            case UInt8(ascii: ":"): colon = colon ?? index
            case UInt8(ascii: "@"):
                guard let colon, index > colon + 1, index - colon - 1 != mark.count || !starts(bytes, at: colon + 1, with: mark) else {
                    return nil
                }
                return Finding(name: "a password in a URL", range: colon + 1..<index)
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0...0x20: return nil
            case UInt8(ascii: "$"), UInt8(ascii: "{"), UInt8(ascii: "<"): if index - 1 == colon { return nil }
            default: break
            }
        }
        return nil
    }

    private static func starts(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int, with prefix: [UInt8]) -> Bool {
        guard index + prefix.count <= bytes.count else { return false }
        for offset in 0..<prefix.count where bytes[index + offset] != prefix[offset] { return false }
        return true
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }
}
