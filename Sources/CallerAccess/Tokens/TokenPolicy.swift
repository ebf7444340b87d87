/// Which bearer tokens are believed.
public struct TokenPolicy: Sendable {
    /// The one issuer (`iss`).
    public var issuer: String
    /// A token must be meant for one of these (`aud`).
    public var audiences: [String]
    /// The claim by whose text a subject is found among the `identities` of the repository.
    public var subjectClaim = "sub"
    /// Seconds that the issuer's clock may differ from ours; 60 at most.
    public var leeway: Int64 = 60
    /// Algorithms that are taken. Only ones by which whoever verifies cannot sign.
    public var algorithms: Set<String> = Self.asymmetric

    public static let asymmetric: Set<String> = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]

    public init(issuer: String, audiences: [String]) {
        self.issuer = issuer
        self.audiences = audiences
    }
}

/// A token that was verified.
public struct VerifiedToken: Sendable, Hashable {
    /// What the claim says who it is.
    public var identity: String
    /// Seconds since 1970 from which on it is refused, the leeway included.
    public var endsAt: Int64
    /// Which key it was signed with.
    var keyID: String
    /// Tells a key from another of the same id.
    var keyPrint: Int
    /// What the token limits itself to (`scope`, RFC 8693 §4.2), if it names anything of Charter's.
    public var scopes: [String]
}

/// Why a token is not believed. For logs and metrics; a caller is told only that it is not.
public enum TokenRefusal: String, Error, Sendable {
    case malformed
    case algorithm
    case unknownKey = "unknown_key"
    case signature
    case issuer
    case audience
    case expired
    case notYet = "not_yet"
    /// The claim that names the subject is missing.
    case subject
    /// There are no keys to verify it with.
    case noKeys = "no_keys"
}
