import BundleProvenance
import Glibc
import Signing

/// A bundle in a file, with its signature beside it. It is replaced by renaming another one to its name, or by switching a link on the way to it, as
/// volumes of configuration do.
public struct FileFeed: BundleFeed {
    public let path: String
    public let signature: String
    public let interval: Duration
    public var longestPause: Duration { max(interval, .seconds(1)) }
    public var name: String { path }

    /// - Parameters:
    ///   - signature: the file with the signature; the one beside the bundle by default.
    ///   - interval: between two looks at the file's entry, which cost next to nothing.
    public init(path: String, signature: String? = nil, interval: Duration = .milliseconds(250)) {
        self.path = path
        self.signature = signature ?? SignedBundle.signaturePath(of: path)
        self.interval = interval
    }

    public func fetch(
        after mark: String?, wantsSignature: Bool, isStopping: @escaping @Sendable () -> Bool
    ) throws(FeedFailure) -> FeedAnswer {
        // Before they are read: what comes in between is seen at the next look.
        guard let file = FileIdentity(path) else {
            let why = String(cString: strerror(errno))
            throw FeedFailure("FileMissing", "`\(path)` cannot be opened: \(why)")
        }
        let beside = FileIdentity(signature)
        let found = "\(file) | \(beside.map(\.description) ?? "none")"
        if found == mark { return .unchanged(epoch: nil) }
        do throws(SigningError) {
            let envelope: [UInt8]?
            if beside == nil {
                envelope = nil
            } else if wantsSignature {
                envelope = try BoundedFile.read(signature, limit: SignedBundle.envelopeLimit)
            } else {
                envelope = try? BoundedFile.read(signature, limit: SignedBundle.envelopeLimit)
            }
            return .bundle(
                FetchedBundle(bytes: try BoundedFile.read(path, limit: SignedBundle.sizeLimit), signature: envelope, mark: found))
        } catch {
            throw FeedFailure("FileUnreadable", error.message)
        }
    }
}
