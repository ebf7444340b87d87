import CallerAccess

/// How callers prove who they are. Where this is given, everybody has to, from this machine too.
public struct CallerAccessSettings: Sendable {
    /// API keys that are taken.
    public var keys: APIKeyBook?
    /// Bearer tokens that are taken.
    public var tokens: TokenVerifier?
    /// Whether client certificates are.
    public var takesCertificates = false
    /// How much a caller may send; without it, as much as it likes.
    public var limit: RateLimiter.Limit?

    public init() {}
}
