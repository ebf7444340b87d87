import BundleProvenance
import Digest
import Downloads
import PolicyBundle

/// A bundle that a web server hands out (another Charter, an object store), with its signature at the same address with `.dsse.json` behind it.
///
/// It is asked for by its `ETag`, so that one that has not changed is not sent again.
public struct WebFeed: BundleFeed {
    private static let envelopeSuffix = SignedBundle.signaturePath(of: "")

    private let bundle: Download
    private let envelope: Download
    public let interval: Duration
    public var longestPause: Duration { max(interval, .seconds(60)) }
    public var name: String { bundle.address.shown }

    /// - Parameters:
    ///   - token: sent as bearer token to this server alone; see `Download`.
    ///   - signature: another address of the signature.
    public init(_ address: WebAddress, token: String? = nil, signature: WebAddress? = nil, interval: Duration = .seconds(10))
        throws(WebAddress.Invalid)
    {
        let beside: WebAddress
        if let signature { beside = signature } else { beside = try address.appending(Self.envelopeSuffix) }
        bundle = Download(address, token: token, limit: SignedBundle.sizeLimit)
        // The token is the bundle's server's.
        envelope = Download(beside, token: beside.origin == address.origin ? token : nil, limit: SignedBundle.envelopeLimit)
        self.interval = interval
    }

    /// A version of both, as a mark: their entity tags, or what stands for them.
    private struct Version {
        var bundle: String
        var envelope: String

        init(bundle: String, envelope: String) { (self.bundle, self.envelope) = (bundle, envelope) }

        init?(_ mark: String) {
            let parts = mark.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            (bundle, envelope) = (String(parts[0]), String(parts[1]))
        }

        var mark: String { bundle + "\n" + envelope }
    }

    public func fetch(
        after mark: String?, wantsSignature: Bool, isStopping: @escaping @Sendable () -> Bool
    ) throws(FeedFailure) -> FeedAnswer {
        let known = mark.flatMap(Version.init)
        // The signature first: it is short, and a bundle that nobody has signed need not be fetched.
        let signature = wantsSignature ? try envelopeFile(isStopping) : nil
        let signed = signature.map { SHA256Digest(of: $0).description } ?? ""
        let tag = known.flatMap { $0.envelope == signed && $0.bundle.hasSuffix("\"") ? $0.bundle : nil }
        do throws(Download.Failure) {
            switch try bundle.fetch(unless: tag, isStopping: isStopping) {
            case .unchanged: return .unchanged(epoch: nil)
            case .file(let file):
                let version = Version(bundle: file.etag ?? SHA256Digest(of: file.bytes).description, envelope: signed)
                // A server that gives no tag, or does not look at it.
                if version.mark == mark { return .unchanged(epoch: file.epoch) }
                // Nobody here looks at it; those who follow this server may.
                let beside = wantsSignature ? signature : try? envelopeFile(isStopping)
                return .bundle(FetchedBundle(bytes: file.bytes, signature: beside, mark: version.mark, epoch: file.epoch))
            }
        } catch {
            throw FeedFailure(error)
        }
    }

    /// `nil` where there is none.
    private func envelopeFile(_ isStopping: @escaping @Sendable () -> Bool) throws(FeedFailure) -> [UInt8]? {
        do throws(Download.Failure) {
            guard case .file(let file) = try envelope.fetch(unless: nil, isStopping: isStopping) else { return nil }
            return file.bytes
        } catch {
            if error.kind == .notFound { return nil }
            throw FeedFailure(error)
        }
    }
}

extension FeedFailure {
    init(_ failure: Download.Failure) {
        let needsHelp =
            switch failure.kind {
            case .unreachable, .refused: false
            case .forbidden, .notFound, .tooLarge, .redirected: true
            }
        self.init(failure.kind.rawValue, failure.description, needsHelp: needsHelp)
    }
}
