import PolicyBundle
import PolicyEngine

/// A bundle that has passed every check, ready to decide.
public struct ActiveBundle: Sendable {
    public var engine: PolicyEngine
    /// Under which its source has it in force, where it counts.
    public var epoch: Int64?
    /// The envelope that came with it: verified, if there are trusted keys.
    public var signature: [UInt8]?
    /// The id of the key whose signature was accepted.
    public var signer: String?
    /// The feed that it came from, for people.
    public var source: String
    /// Nanoseconds since 1970: when it came from there, be it to an earlier run.
    public var arrivedAt: Int64
    /// Whether it was kept by an earlier run, and the feed has not been heard of yet.
    public var isRestored: Bool

    public var organization: String { engine.bundle.meta(.organization) }
}
