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

        /// What a sender has to send, for people.
        public var proof: String {
            switch self {
            case .github: "`X-Hub-Signature-256: sha256=` and the HMAC-SHA-256 of the body in hexadecimal"
            case .gitlab: "`X-Gitlab-Token` with the secret"
            case .standard: "`webhook-id`, `webhook-timestamp` and `webhook-signature` by Standard Webhooks"
            }
        }
    }

    public enum Refusal: String, Error, Sendable {
        /// The header that proves it is missing or malformed.
        case unsigned
        case wrong
        /// The time in it is further from now than allowed.
        case stale
        /// It was taken before.
        case replayed
    }

    /// Why a text cannot be a secret.
    public struct BadSecret: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Seconds that a message may be old, or ahead.
    public static let window: Int64 = 300
    /// The fewest bytes of a secret: one that can be guessed lets strangers in.
    public static let shortest = 16

    /// The secret as Standard Webhooks reads it, and as it is.
    private let key: [UInt8]
    private let secret: [UInt8]

    /// - Parameter secret: `whsec_` and base64, as Standard Webhooks writes it, or any other text. GitHub and GitLab are given the same text as it is.
    public init(secret: String) throws(BadSecret) {
        guard let key = WebhookSignature.key(secret) else { throw BadSecret(description: "what follows `whsec_` must be base64 of a key") }
        guard key.count >= Self.shortest else {
            throw BadSecret(description: "it is shorter than \(Self.shortest) bytes; `openssl rand -hex 32` makes a good one")
        }
        self.key = key
        self.secret = Array(secret.utf8)
    }

    /// What a message is known by, so that it is taken once, and the seconds since 1970 until which that has to be remembered.
    public struct Ticket: Sendable, Equatable {
        /// Of what is proved and nothing else: another header, or other borders between the parts of it, do not make another message of it.
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
            // Neither of the two dates its messages: one that was listened to can be sent again after the window, for one more look.
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
            let signature = WebhookSignature.make(body, id: id, time: time, key: key)
            let expected = Array(signature.utf8)
            // Several, while a key is being changed.
            let isGood = signatures.split(separator: " ").reduce(false) { HMACSHA256.areEqual(Array($1.utf8), expected) || $0 }
            guard isGood else { throw .wrong }
            let (age, overflow) = now.subtractingReportingOverflow(time)
            guard !overflow, age.magnitude <= Self.window.magnitude else { throw .stale }
            // A sender that was not answered sends the same id with a new time: that is another message, and worth another look.
            return Ticket(id: "standard/" + signature, expires: time + Self.window)
        }
    }
}

/// The messages that were taken and could be sent again.
public struct WebhookMemory: Sendable {
    private var expiries: [String: Int64] = [:]
    /// More are not remembered at once: whoever holds the secret could fill the memory otherwise.
    static let limit = 10_000

    public init() {}

    /// How many are remembered.
    var count: Int { expiries.count }

    /// - Parameter now: seconds since 1970.
    /// - Returns: whether the message was not taken before.
    public mutating func take(_ ticket: WebhookReceipt.Ticket, now: Int64) -> Bool {
        if let expiry = expiries[ticket.id], expiry >= now { return false }
        if expiries.count >= Self.limit { expiries = expiries.filter { $0.value >= now } }
        if expiries.count >= Self.limit {
            // Those go that can be sent again for the shortest time.
            for old in expiries.sorted(by: { $0.value < $1.value }).prefix(Self.limit / 2) { expiries[old.key] = nil }
        }
        expiries[ticket.id] = ticket.expires
        return true
    }
}
