/// Why a key, an envelope or a signature is not accepted. No message holds anything secret.
public struct SigningError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// A file cannot be read.
        case unreadable
        /// A file cannot be written.
        case unwritable
        /// A file is there already and is not overwritten.
        case exists
        /// The text is no key, no envelope, or no list of trusted keys.
        case malformed
        /// A key of another algorithm or a key that needs a pass phrase.
        case unsupported
        /// No signature is by a trusted key.
        case untrusted
        /// The only signatures are by trusted keys that are not valid at the time.
        case notValidNow
        /// libcrypto failed, for want of memory or of randomness.
        case library
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
