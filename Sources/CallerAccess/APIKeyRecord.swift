import Digest
import JSON
import Signing

/// What is known of a key: everything but the key.
public struct APIKeyRecord: Sendable, Hashable {
    /// Public: may stand in logs and commands.
    public var id: String
    /// For people.
    public var name: String
    /// The ServiceAccount that it stands for.
    public var account: String
    /// What it may be used for, of what the roles permit; all of it where empty.
    public var scopes: [String]
    public var digest: SHA256Digest
    /// Seconds since 1970, as all times here.
    public var createdAt: Int64
    /// From when on it is refused.
    public var expiresAt: Int64?
    public var revokedAt: Int64?
    public var lastUsedAt: Int64?
    /// The key that it took the place of.
    public var replaces: String?

    init(
        id: String, name: String, account: String, scopes: [String], digest: SHA256Digest, createdAt: Int64, expiresAt: Int64? = nil,
        revokedAt: Int64? = nil, lastUsedAt: Int64? = nil, replaces: String? = nil
    ) {
        self.id = id
        self.name = name
        self.account = account
        self.scopes = scopes
        self.digest = digest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
        self.replaces = replaces
    }

    /// A new key and its record.
    ///
    /// - Parameter lifetime: seconds; for ever without.
    public static func make(
        account: String, name: String, scopes: [String], lifetime: Int64?, now: Int64
    ) -> (key: APIKey, record: APIKeyRecord) {
        let key = APIKey.make()
        return (
            key,
            APIKeyRecord(
                id: APIKey.makeID(), name: name, account: account, scopes: scopes, digest: key.digest, createdAt: now,
                expiresAt: lifetime.map { now + $0 })
        )
    }

    /// A new key for the same account and scopes, that lives as long as this one did from its beginning.
    public func successor(now: Int64) -> (key: APIKey, record: APIKeyRecord) {
        var made = Self.make(account: account, name: name, scopes: scopes, lifetime: expiresAt.map { $0 - createdAt }, now: now)
        made.record.replaces = id
        return made
    }

    /// How it stands.
    public enum Standing: String, Sendable { case valid, expired, revoked }

    public func standing(at now: Int64) -> Standing {
        if revokedAt != nil { return .revoked }
        return expiresAt.map { now >= $0 } == true ? .expired : .valid
    }

    public func permits(scope: String) -> Bool { scopes.isEmpty || scopes.contains(scope) }

    /// What may be shown: the digest is left out.
    public var shown: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "name": .string(name), "account": .string(account), "scopes": JSONValue(scopes),
            "createdAt": Self.time(createdAt), "expiresAt": Self.time(expiresAt), "revokedAt": Self.time(revokedAt),
            "lastUsedAt": Self.time(lastUsedAt),
        ]
        if let replaces { object["replaces"] = .string(replaces) }
        return object
    }

    private static func time(_ seconds: Int64?) -> JSONValue {
        seconds.flatMap { UTCTime(secondsSince1970: $0) }.map { .string($0.description) } ?? .null
    }
}
