import Digest

/// Tells whether a message that says a repository has changed comes from whom it should.
///
/// Such a message is worth one look at the repository and no more: nothing in it is believed. What is checked is that strangers cannot cause even that.
public struct WebhookReceipt: Sendable {
    /// How senders prove themselves.
    public enum Scheme: String, Sendable, CaseIterable {
        /// `X-Hub-Signature-256: sha256=` and the HMAC of the body in hexadecimal.
        case github
        /// `X-Gitlab-Token`: the secret itself.
        case gitlab
        /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
        case standard
    }

    public enum Refusal: Error, Sendable, Equatable {
        /// The header that proves it is missing or malformed.
        case unsigned
        case wrong
        /// The time in it is further from now than allowed.
        case stale
        /// It was taken before.
        case replayed
    }

    /// Seconds that a message may be old, or ahead.
    public static let window: Int64 = 300

    /// The secret as Standard Webhooks reads it, and as it is.
    private let key: [UInt8]
    private let secret: [UInt8]

    /// - Returns: `nil` for a secret that is none.
    public init?(secret: String) {
        guard let key = WebhookSignature.key(secret) else { return nil }
        self.key = key
        self.secret = Array(secret.utf8)
    }

    /// What a message is known by, so that it is taken once, and the seconds since 1970 until which that has to be remembered.
    public struct Ticket: Sendable, Equatable {
        public var id: String
        public var expires: Int64
    }

    /// Checks one message.
    ///
    /// - Parameters:
    ///   - header: the value of a header, by its lower-case name.
    ///   - now: seconds since 1970.
    public func check(
        _ scheme: Scheme, body: [UInt8], now: Int64, header: (String) -> String?
    ) throws(Refusal) -> Ticket {
        switch scheme {
        case .github:
            guard let text = header("x-hub-signature-256"), text.hasPrefix("sha256=") else { throw .unsigned }
            let expected = Hexadecimal.encode(HMACSHA256.code(of: body, key: secret))
            guard HMACSHA256.areEqual(Array(text.dropFirst("sha256=".count).utf8), Array(expected.utf8)) else { throw .wrong }
            // Neither of the two dates its messages, nor signs the id that it gives them: a message is known by what is signed.
            return Ticket(id: "github/" + expected, expires: now + Self.window)
        case .gitlab:
            guard let token = header("x-gitlab-token") else { throw .unsigned }
            // Of equal length, so that the comparison tells nothing of the secret's.
            let (given, own) = (HMACSHA256.code(of: Array(token.utf8), key: secret), HMACSHA256.code(of: secret, key: secret))
            guard HMACSHA256.areEqual(given, own) else { throw .wrong }
            return Ticket(id: "gitlab/" + Hexadecimal.encode(HMACSHA256.code(of: body, key: secret)), expires: now + Self.window)
        case .standard:
            guard let id = header("webhook-id"), let stamp = header("webhook-timestamp"), let time = Int64(stamp),
                let signatures = header("webhook-signature")
            else { throw .unsigned }
            let expected = Array(WebhookSignature.make(body, id: id, time: time, key: key).utf8)
            // Several, while a key is being changed.
            let isGood = signatures.split(separator: " ").reduce(false) { HMACSHA256.areEqual(Array($1.utf8), expected) || $0 }
            guard isGood else { throw .wrong }
            let (age, overflow) = now.subtractingReportingOverflow(time)
            guard !overflow, abs(age) <= Self.window else { throw .stale }
            return Ticket(id: "standard/" + id, expires: time + Self.window)
        }
    }
}

/// The messages that were taken and could be sent again.
public struct WebhookMemory: Sendable {
    private var expiries: [String: Int64] = [:]
    /// More are not remembered at once: whoever holds the secret could fill the memory otherwise.
    private static let limit = 10_000

    public init() {}

    /// - Parameter now: seconds since 1970.
    /// - Throws: `.replayed` for a message that was taken before.
    public mutating func take(_ ticket: WebhookReceipt.Ticket, now: Int64) throws(WebhookReceipt.Refusal) {
        if let expiry = expiries[ticket.id], expiry >= now { throw .replayed }
        if expiries.count >= Self.limit { expiries = expiries.filter { $0.value >= now } }
        if expiries.count >= Self.limit { expiries.removeAll() }
        expiries[ticket.id] = ticket.expires
    }
}
