import Digest
import PolicyBundle
import Signing

/// A bundle whose signature and origin were verified.
public struct SignedBundle: Sendable {
    public let bundle: PolicyBundle
    public let statement: ProvenanceStatement
    /// A trusted key that signed, and is accepted.
    public let signer: TrustedKey

    /// The envelope's place beside its bundle.
    public static func signaturePath(of bundle: String) -> String { bundle + ".dsse.json" }

    /// Signs a bundle with each of `keys`.
    ///
    /// - Parameter bytes: the bytes that `bundle` was made of.
    public static func sign(
        _ bundle: PolicyBundle, bytes: [UInt8], with keys: [SigningKey], at time: UTCTime
    ) throws(SigningError) -> DSSEEnvelope {
        let statement = ProvenanceStatement(about: bundle, fileDigest: SHA256Digest(of: bytes), finishedOn: time)
        return try DSSEEnvelope(signing: statement.payload, type: ProvenanceStatement.payloadType, with: keys)
    }
}
