import BundleProvenance
import Files
import Glibc
import JSON
import PolicyBundle
import PolicyEngine
import Signing

/// A folder that keeps the last good bundle for a restart with no source.
///
/// The bundle lies there under its digest, its signature beside it, and `last-good.json` says which it is: that file comes last and at once, so that
/// whatever happens in between, the folder names a whole bundle.
public struct KeptBundle: Sendable {
    /// Why it could not be kept.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// What `last-good.json` says.
    struct Record: Sendable, Equatable {
        var digest: String
        var organization: String
        var epoch: Int64?
        var source: String
        var arrivedAt: Int64

        init(_ active: ActiveBundle) {
            digest = active.engine.digest
            organization = active.organization
            epoch = active.epoch
            source = active.source
            arrivedAt = active.arrivedAt
        }

        init?(_ json: JSONValue) {
            guard let digest = json["digest"]?.stringValue, let organization = json["organization"]?.stringValue,
                let source = json["source"]?.stringValue, let arrivedAt = json["arrivedAt"]?.intValue,
                digest.utf8.count == 64, digest.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
            else { return nil }
            (self.digest, self.organization, self.source, self.arrivedAt) = (digest, organization, source, arrivedAt)
            epoch = json["epoch"]?.intValue
        }

        var json: JSONValue {
            [
                "digest": .string(digest), "organization": .string(organization), "epoch": epoch.map { .int($0) } ?? .null,
                "source": .string(source), "arrivedAt": .int(arrivedAt),
            ]
        }
    }

    let folder: String
    private var record: String { folder + "/last-good.json" }
    private func bundle(_ digest: String) -> String { "\(folder)/\(digest).bundle" }

    /// - Parameter folder: made if it is not there; for this alone.
    public init(folder: String) throws(Failure) {
        self.folder = folder
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Self.failure("`\(folder)` cannot be made") }
    }

    /// What was kept last; `nil` if nothing was, or the record cannot be read.
    func last() -> Record? {
        guard let text = try? BoundedFile.read(record, limit: 1 << 16), let json = try? JSONParser.parse(text) else { return nil }
        return Record(json)
    }

    /// The bundle that `record` names, verified again as one that comes from outside: others may have written here.
    func restore(_ record: Record, _ keys: TrustedKeyFile?, now: Int64) throws(BundleRefusal) -> ActiveBundle {
        let path = bundle(record.digest)
        var signature: [UInt8]?
        var signer: String?
        let opened: PolicyBundle
        do {
            if let keys {
                let signed = try SignedBundle.open(path: path, trusting: try keys.keys(), at: try BundleAdmission.time(now))
                (opened, signer) = (signed.bundle, signed.signer.key.id)
            } else {
                opened = try PolicyBundle.open(path: path)
            }
            let place = SignedBundle.signaturePath(of: path)
            if FileIdentity(place) != nil { signature = try BoundedFile.read(place, limit: SignedBundle.envelopeLimit) }
            guard opened.digest.description == record.digest, opened.meta(.organization) == record.organization else {
                throw BundleRefusal(.otherBundle, "`\(path)` is not the bundle that was kept")
            }
            return ActiveBundle(
                engine: try PolicyEngine(opened), epoch: record.epoch, signature: signature, signer: signer, source: record.source,
                arrivedAt: record.arrivedAt, isRestored: true)
        } catch let refusal as BundleRefusal {
            throw refusal
        } catch let error as ProvenanceError {
            throw BundleRefusal(error, path)
        } catch let error as BundleError {
            throw BundleRefusal(error, path)
        } catch {
            throw BundleRefusal(.broken, "\(error)")
        }
    }

    /// Keeps a bundle, and lets go of what was kept before.
    ///
    /// - Parameters:
    ///   - bytes: of the bundle, where they are at hand.
    ///   - isKnown: whether the bundle was kept before, and only what is said of it is another.
    func keep(_ active: ActiveBundle, bytes: [UInt8]?, isKnown: Bool) throws(Failure) {
        let path = bundle(active.engine.digest)
        let bytes = isKnown && FileIdentity(path) != nil ? nil : bytes
        if bytes == nil, FileIdentity(path) == nil { return }
        // What processes that were killed have left might leave no room for this one.
        remove { $0.hasSuffix(".new") }
        let envelope = SignedBundle.signaturePath(of: path)
        if let signature = active.signature { try Self.write(signature, to: envelope) } else { unlink(envelope) }
        if let bytes { try Self.write(bytes, to: path) }
        try Self.write(JSONWriter.bytes(Record(active).json), to: record)
        let digest = active.engine.digest
        remove { $0.contains(".bundle") && !$0.hasPrefix(digest) }
    }

    private func remove(_ isUnwanted: (String) -> Bool) {
        guard let directory = opendir(folder) else { return }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        for name in names where isUnwanted(name) { unlink(folder + "/" + name) }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        do throws(FileFailure) {
            try WholeFile.replace(path, with: bytes, mode: 0o600)
        } catch {
            throw Failure(description: error.description)
        }
    }

    private static func failure(_ what: String) -> Failure { Failure(description: "\(what): \(String(cString: strerror(errno)))") }
}
