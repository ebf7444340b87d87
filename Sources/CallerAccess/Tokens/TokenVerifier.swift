import Digest
import JWTKit
import Synchronization

/// Tells whether a bearer token is believed, and whom it is about (RFC 7519, RFC 8725).
public final class TokenVerifier: Sendable {
    /// Where the issuer's keys are.
    public enum Keys: Sendable {
        case file(String)
        case url(String)

        /// A path, or an https address (http on this machine).
        public init(_ text: String) { self = text.hasPrefix("https://") || text.hasPrefix("http://") ? .url(text) : .file(text) }
    }

    /// Tokens that are remembered.
    private static let capacity = 10_000

    public let policy: TokenPolicy
    private let source: TokenKeySource
    /// By the digest of the token: the token itself is not kept.
    private let known = Mutex<[SHA256Digest: VerifiedToken]>([:])

    /// - Parameter complain: told of keys that cannot be read, and of the end of that with `nil`.
    public init(_ policy: TokenPolicy, keys: Keys, complain: @escaping @Sendable (String?) -> Void) {
        self.policy = policy
        switch keys {
        case .file(let path): source = TokenKeySource(.file(path), complain: complain)
        case .url(let url): source = TokenKeySource(.url(url), complain: complain)
        }
    }

    /// Reads the keys before the first token comes.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: whether there are any.
    @discardableResult
    public func prepare(now: Int64) async -> Bool {
        await source.refresh(now: now)
        return source.current != nil
    }

    /// What is known of a token that was verified before, unless it has ended, or its key was withdrawn, since.
    public func known(_ token: String, now: Int64) -> VerifiedToken? {
        let digest = SHA256Digest(of: Array(token.utf8))
        guard let found = known.withLock({ $0[digest] }) else { return nil }
        guard now < found.endsAt, source.current?.keys[found.keyID]?.print == found.keyPrint else {
            known.withLock { $0[digest] = nil }
            return nil
        }
        return found
    }

    /// Verifies a token.
    public func verify(_ token: String, now: Int64) async throws(TokenRefusal) -> VerifiedToken {
        let text = try TokenText(token)
        guard policy.algorithms.contains(text.algorithm), TokenPolicy.asymmetric.contains(text.algorithm) else { throw .algorithm }
        // Before anything is fetched or computed: what cannot be meant for us is cheap to refuse.
        let claims = try text.check(policy, now: now)
        guard let key = await source.key(text.keyID, now: now) else { throw source.current == nil ? .noKeys : .unknownKey }
        guard let verifier = key.verifiers[text.algorithm] else { throw .algorithm }
        do {
            // The collection holds this one key, so that no other can be taken for it.
            _ = try await verifier.verify(token, as: UnreadClaims.self)
        } catch {
            throw .signature
        }
        let verified = VerifiedToken(
            identity: claims.identity, endsAt: claims.endsAt, keyID: text.keyID, keyPrint: key.print, scopes: claims.scopes)
        remember(token, verified, now: now)
        return verified
    }

    private func remember(_ token: String, _ verified: VerifiedToken, now: Int64) {
        let digest = SHA256Digest(of: Array(token.utf8))
        known.withLock { known in
            if known.count >= Self.capacity {
                known = known.filter { $0.value.endsAt > now }
                // Any of them may go: it is only verified again.
                while known.count >= Self.capacity, let first = known.keys.first { known[first] = nil }
            }
            known[digest] = verified
        }
    }
}
