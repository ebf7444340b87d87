/// An OpenPGP signature, which `gpgv` checks.
public struct OpenPGPSignature: Sendable {
    private let text: [UInt8]

    /// Who has signed, and when by their own account.
    public struct Signer: Hashable, Sendable {
        /// The primary key's.
        public var fingerprint: OpenPGPFingerprint
        /// The first of the key's user ids, as the keyring has it.
        public var userID: String
        /// Seconds since 1970.
        public var time: Int64
    }

    private static let textLimit = 64 << 10

    /// Whether the text says that it is such a signature, sound or not.
    public static func isArmored(_ text: [UInt8]) -> Bool {
        text.starts(with: "-----BEGIN PGP SIGNATURE-----".utf8) || text.starts(with: "-----BEGIN PGP MESSAGE-----".utf8)
    }

    public init(armored text: [UInt8]) throws(SignatureError) {
        guard text.count <= Self.textLimit else {
            throw SignatureError(.malformed, "the OpenPGP signature is longer than \(Self.textLimit) bytes")
        }
        self.text = text
    }

    /// The key of `keyring` that has signed `message`; throws if none has, or one that is expired or revoked now.
    ///
    /// - Parameters:
    ///   - program: found on the path if it is a bare name.
    ///   - seconds: after which gpgv is killed.
    /// - Throws: `.mismatch`, `.unknownKey`, `.keyExpired`, `.keyRevoked`, `.signatureExpired`, `.malformed`, `.unsupported`, `.unavailable`.
    public func verify(
        _ message: [UInt8], with keyring: OpenPGPKeyring, program: String = "gpgv", within seconds: Double = 30
    ) throws(SignatureError) -> Signer {
        let run = try GPGVProcess.run(
            program,
            // SHA-1 is no longer worth a signature; gpgv refuses MD5 by itself.
            ["--homedir", "/nonexistent", "--weak-digest", "SHA1", "--status-fd", "1", "--enable-special-filenames"]
                + ["--keyring", keyring.path, "--", "-&3", "-"],
            signature: text, message: message, seconds: seconds)
        return try GPGVStatus(run.status).signer(exitCode: run.exitCode, complaint: run.complaint)
    }
}
