import Digest
import PolicyBundle
import Signing

extension SignedBundle {
    /// As large as a bundle may be.
    public static let sizeLimit = 1 << 31
    /// Every signature of an envelope is tried with every trusted key, each time over all of the statement.
    public static let envelopeLimit = 1 << 16

    /// Reads the bundle at `path` and its envelope, each once, and verifies them.
    ///
    /// - Parameters:
    ///   - signature: the envelope's file; the one beside the bundle by default.
    ///   - now: the time at which the key must be valid.
    public static func open(
        path: String, signature: String? = nil, trusting keys: TrustedKeys, at now: UTCTime
    ) throws(ProvenanceError) -> SignedBundle {
        let place = signature ?? signaturePath(of: path)
        let envelope: [UInt8]
        do throws(SigningError) {
            envelope = try BoundedFile.read(place, limit: envelopeLimit)
        } catch {
            throw ProvenanceError(.unsigned, "there is no signature of `\(path)`: \(error)")
        }
        let bytes: [UInt8]
        do throws(SigningError) {
            bytes = try BoundedFile.read(path, limit: sizeLimit)
        } catch {
            throw ProvenanceError(error)
        }
        do throws(ProvenanceError) {
            return try SignedBundle(bytes: bytes, envelope: envelope, trusting: keys, at: now)
        } catch {
            throw ProvenanceError(error.kind, "`\(path)` is refused: \(error)")
        }
    }

    /// Verifies in an order in which nothing is read before it is proved: the signature, the statement, the file's hash, and only then the
    /// bundle, made of the very bytes that were hashed.
    public init(bytes: [UInt8], envelope: [UInt8], trusting keys: TrustedKeys, at now: UTCTime) throws(ProvenanceError) {
        let payload: VerifiedPayload
        do throws(SigningError) {
            payload = try keys.verify(try DSSEEnvelope(parsing: envelope), payloadType: ProvenanceStatement.payloadType, at: now)
        } catch {
            throw ProvenanceError(error)
        }
        let statement = try ProvenanceStatement(parsing: payload)
        guard let signer = payload.signers.first(where: { $0.isValid(at: statement.finishedOn) }) else {
            let key = payload.signers[0]
            throw ProvenanceError(
                .keyNotValid, "key \(key.key.id) was not valid when it signed, at \(statement.finishedOn): it is \(key.validity)")
        }
        let digest = SHA256Digest(of: bytes)
        guard statement.fileDigest == digest.description else {
            throw ProvenanceError(.otherBundle, "the signature is of a file with SHA-256 \(statement.fileDigest), this one has \(digest)")
        }
        do throws(BundleError) {
            bundle = try PolicyBundle(bytes: bytes)
        } catch {
            throw ProvenanceError(error)
        }
        // A signer whose statement and bundle disagree has signed what nobody can trace back to a commit.
        let own = ProvenanceStatement(about: bundle, fileDigest: digest, finishedOn: statement.finishedOn)
        try Self.expect(statement.commit, own.commit, "commit")
        try Self.expect(statement.tree, own.tree, "tree")
        try Self.expect(statement.compiler, own.compiler, "compiler version")
        try Self.expect(statement.contentDigest, own.contentDigest, "content digest")
        self.statement = statement
        self.signer = signer
    }

    private static func expect(_ stated: String, _ own: String, _ name: String) throws(ProvenanceError) {
        guard stated == own else {
            throw ProvenanceError(.otherBundle, "the signature names the \(name) \(stated), the bundle was made from \(own)")
        }
    }
}
