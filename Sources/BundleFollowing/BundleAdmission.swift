import BundleProvenance
import Digest
import Glibc
import PolicyBundle
import PolicyEngine
import Signing

/// Lets a bundle through, or says why not: the signature first, then the file's hash, then the verifier, then whose it is and whether it goes back.
struct BundleAdmission: Sendable {
    /// What is known of what was in force last: in this run or an earlier one.
    struct Predecessor: Sendable {
        var organization: String
        var epoch: Int64?
        var source: String
    }

    let feed: String
    let keys: TrustedKeyFile?
    let organization: String?

    func admit(_ fetched: FetchedBundle, after last: Predecessor?, now: Int64) throws(BundleRefusal) -> ActiveBundle {
        let (bundle, signer) = try verified(fetched, now: now)
        if let digest = fetched.digest, digest != bundle.digest.description {
            throw BundleRefusal(
                .otherBundle, "`\(feed)` is refused: it should have the digest \(digest), and has \(bundle.digest)",
                commit: bundle.meta(.commit))
        }
        try compare(bundle, fetched.epoch, last)
        do throws(BundleError) {
            return ActiveBundle(
                engine: try PolicyEngine(bundle), epoch: fetched.epoch, signature: fetched.signature, signer: signer, source: feed,
                arrivedAt: now, isRestored: false)
        } catch {
            throw BundleRefusal(error, feed)
        }
    }

    private func verified(_ fetched: FetchedBundle, now: Int64) throws(BundleRefusal) -> (bundle: PolicyBundle, signer: String?) {
        guard let keys else {
            do throws(BundleError) {
                return (try PolicyBundle(bytes: fetched.bytes), nil)
            } catch {
                throw BundleRefusal(error, feed)
            }
        }
        let trusted = try keys.keys()
        guard let signature = fetched.signature else {
            throw BundleRefusal(.unsigned, "`\(feed)` is refused: there is no signature of it")
        }
        do throws(ProvenanceError) {
            let signed = try SignedBundle(bytes: fetched.bytes, envelope: signature, trusting: trusted, at: try Self.time(now))
            return (signed.bundle, signed.signer.key.id)
        } catch {
            throw BundleRefusal(error, feed)
        }
    }

    /// Whose it is, and whether it goes back.
    func compare(_ bundle: PolicyBundle, _ epoch: Int64?, _ last: Predecessor?) throws(BundleRefusal) {
        let (own, commit) = (bundle.meta(.organization), bundle.meta(.commit))
        if let wanted = organization ?? last?.organization, own != wanted {
            throw BundleRefusal(
                .otherOrganization, "`\(feed)` is refused: it is of the organisation `\(own)`, and `\(wanted)` is served here",
                commit: commit)
        }
        if let epoch, let held = last?.epoch, epoch < held {
            throw BundleRefusal(
                .olderEpoch,
                "`\(feed)` is refused: it is of epoch \(epoch), and epoch \(held) was in force; if going back is meant, start with a new state folder",
                commit: commit)
        }
    }

    /// Whether the signature that a bundle was accepted for would be accepted now.
    func recheck(_ active: ActiveBundle, now: Int64) throws(BundleRefusal) {
        guard let keys else { return }
        let trusted = try keys.keys()
        let commit = active.engine.commit
        do {
            let envelope = try DSSEEnvelope(parsing: active.signature ?? [])
            _ = try trusted.verify(envelope, payloadType: ProvenanceStatement.payloadType, at: try Self.time(now))
        } catch {
            throw BundleRefusal(
                .signerRemoved, "the bundle in force is signed by nobody who is trusted now, and stays until another comes: \(error)",
                commit: commit)
        }
    }

    static func time(_ now: Int64) throws(ProvenanceError) -> UTCTime {
        guard let time = UTCTime(secondsSince1970: now / 1_000_000_000) else {
            throw ProvenanceError(.library, "the clock of this machine shows no time that can be written")
        }
        return time
    }
}

/// The time of day.
enum Now {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
