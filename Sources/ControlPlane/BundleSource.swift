import BundleProvenance
import EnforcementServer
import PolicyBundle
import Signing

/// Where a command takes its bundle from, and whose signature it asks for.
public struct BundleSource: Sendable {
    private let path: String
    private let signature: String?
    private let trustedKeys: String?

    /// - Parameters:
    ///   - signature: the file with the signature; the one beside the bundle by default.
    ///   - trustedKeys: the file with the trusted keys; without it no signature is asked for.
    public init(path: String, signature: String?, trustedKeys: String?) {
        self.path = path
        self.signature = signature
        self.trustedKeys = trustedKeys
    }

    /// The bundle. If keys are given, it is signed by one of them that is valid now.
    public func open() throws(ControlError) -> PolicyBundle {
        do {
            guard let trustedKeys else { return try PolicyBundle.open(path: path) }
            let now = try Self.now()
            return try SignedBundle.open(path: path, signature: signature, trusting: TrustedKeys(file: trustedKeys), at: now).bundle
        } catch {
            throw ControlError(wrapping: error)
        }
    }

    /// This second.
    static func now() throws(ControlError) -> UTCTime {
        guard let time = UTCTime(secondsSince1970: WallClock.now() / 1_000_000_000) else {
            throw ControlError(.internalError, "the clock of this machine shows no time that can be written")
        }
        return time
    }
}
