import BundleProvenance
import PolicyBundle
import Signing

/// The keys that a bundle is signed with, and where its signature goes.
public struct BundleSigning: Sendable {
    private let keys: [SigningKey]
    /// The file that the signature is written to.
    public let path: String

    /// Reads the keys; `nil` if none are named.
    public init?(keys files: [String], signature: String?, bundle: String) throws(ControlError) {
        guard !files.isEmpty else { return nil }
        var keys: [SigningKey] = []
        for file in files {
            do {
                keys.append(try SigningKey(file: file))
            } catch {
                throw ControlError(wrapping: error)
            }
        }
        self.keys = keys
        path = signature ?? SignedBundle.signaturePath(of: bundle)
    }

    /// The ids of the keys.
    public var keyIDs: [String] { keys.map(\.publicKey.id) }

    /// Signs a bundle as of now and writes the signature to its place.
    ///
    /// - Parameter bytes: the bytes that `bundle` was made of.
    public func sign(_ bundle: PolicyBundle, bytes: [UInt8]) throws(ControlError) {
        do {
            let envelope = try SignedBundle.sign(bundle, bytes: bytes, with: keys, at: try BundleSource.now())
            try AtomicFile.write(envelope.text, to: path)
        } catch {
            throw ControlError(wrapping: error)
        }
    }
}
