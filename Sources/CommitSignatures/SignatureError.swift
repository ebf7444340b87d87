/// Why a signature, a key or a list of signers is not accepted.
public struct SignatureError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The text is no signature, no key, or no list of signers.
        case malformed
        /// An algorithm, a version or a kind of key that is not accepted, however sound.
        case unsupported
        /// The signature was made for another purpose than commits.
        case foreignNamespace
        /// The signature is not this key's signature of these bytes.
        case mismatch
        /// The signature was good once and has expired by itself.
        case signatureExpired
        /// The signer's key has expired.
        case keyExpired
        /// The signer's key was revoked.
        case keyRevoked
        /// The keyring does not hold the signer's key.
        case unknownKey
        /// A file cannot be read.
        case unreadable
        /// The checking itself failed: a program is missing or hangs, or memory is short. Says nothing about the signature.
        case unavailable
    }

    public let kind: Kind
    /// One lower-case sentence for people.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
