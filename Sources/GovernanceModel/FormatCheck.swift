import Diagnostics

/// Checks text against the format of its field.
enum FormatCheck {
    struct Problem {
        var code: DiagnosticCode
        var message: String
        var help: String?
    }

    static func problem(_ text: String, _ format: StringFormat) -> Problem? {
        switch format {
        case .text, .condition, .expression, .message, .pattern:
            return text.isEmpty ? Problem(code: .invalidValue, message: "must not be empty") : nil
        case .name:
            return Names.isValid(text)
                ? nil : Problem(code: .invalidName, message: "`\(text)` is not a valid name", help: "a name is made of \(Names.rule)")
        case .email: return email(text)
        case .timestamp:
            return Timestamp.seconds(text) == nil
                ? Problem(
                    code: .invalidTime, message: "`\(text)` is no date or time",
                    help: "write it as 2026-01-31 or 2026-01-31T12:00:00Z (RFC 3339)")
                : nil
        case .period:
            return Period.nanoseconds(text) == nil
                ? Problem(
                    code: .invalidTime, message: "`\(text)` is no length of time", help: "a count and a unit: 500ms, 5s, 15m, 1h, 30d")
                : nil
        case .timeZone:
            let good =
                !text.isEmpty
                && text.utf8.allSatisfy {
                    ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || "+-_/".utf8.contains($0)
                }
            return good
                ? nil
                : Problem(code: .invalidTime, message: "`\(text)` is no time zone", help: "an IANA name such as Europe/Berlin, or UTC")
        case .currency:
            let good = text.utf8.count == 3 && text.utf8.allSatisfy { (0x41...0x5a).contains($0) }
            return good
                ? nil : Problem(code: .invalidValue, message: "`\(text)` is no currency", help: "an ISO 4217 code such as USD or EUR")
        case .url: return url(text)
        case .glob: return glob(text)
        case .typedGlob: return typedGlob(text)
        case .subject:
            return SubjectReference(text) == nil
                ? Problem(
                    code: .invalidValue, message: "`\(text)` names no subject",
                    help: "write `user:NAME`, `service-account:NAME`, `team:NAME` or `role:NAME`") : nil
        case .control:
            let parts = text.split(separator: "/", maxSplits: 1)
            return parts.count == 2
                ? nil
                : Problem(code: .invalidValue, message: "`\(text)` names no control", help: "write `framework/control`, e.g. soc2/CC6.1")
        }
    }

    private static func email(_ text: String) -> Problem? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let good =
            parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && !text.contains { $0.isWhitespace || $0.isNewline }
        return good ? nil : Problem(code: .invalidValue, message: "`\(text)` is no e-mail address")
    }

    private static func url(_ text: String) -> Problem? {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        let good = (text.hasPrefix("https://") && text.utf8.count > 8) || loopback.contains { text.hasPrefix($0) }
        if good, !text.contains(where: \.isWhitespace) { return nil }
        return Problem(
            code: .invalidValue, message: "`\(text)` is no URL that may be used", help: "https://…, or http://… to a loopback address")
    }

    private static func glob(_ text: String) -> Problem? {
        if text.isEmpty {
            return Problem(code: .invalidPattern, message: "an empty pattern matches nothing", help: "`*` matches everything")
        }
        if text.contains(where: { "?[]{}".contains($0) || $0.isWhitespace }) {
            return Problem(
                code: .invalidPattern, message: "`\(text)` holds a character that patterns do not know",
                help: "only `*` is special; write one pattern for each alternative")
        }
        return nil
    }

    private static func typedGlob(_ text: String) -> Problem? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, text.index(after: colon) != text.endIndex else {
            return Problem(
                code: .invalidPattern, message: "`\(text)` does not say what type it is about",
                help: "write `type:pattern`, e.g. `model:openai/*`")
        }
        return glob(String(text[text.index(after: colon)...]))
    }
}

/// `user:NAME`, `service-account:NAME`, `team:NAME` or `role:NAME`.
public struct SubjectReference: Hashable, Sendable {
    public var kind: Kind
    public var name: String

    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        switch text[..<colon] {
        case "user": kind = .user
        case "service-account": kind = .serviceAccount
        case "team": kind = .team
        case "role": kind = .role
        default: return nil
        }
        name = String(text[text.index(after: colon)...])
        if name.isEmpty { return nil }
    }
}
