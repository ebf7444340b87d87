import PolicyBundle
import Signing

/// Why a bundle is not accepted as signed.
public struct ProvenanceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable words, for programs.
    public enum Kind: String, Sendable, Hashable {
        /// The bundle's file cannot be read.
        case unreadable
        /// There is no envelope.
        case unsigned
        /// The envelope, or the statement in it, is not what it must be.
        case malformed
        /// No signature is by a trusted key.
        case untrusted
        /// The key is trusted, but not now, or was not when the statement was made.
        case keyNotValid
        /// The statement is about another bundle.
        case otherBundle
        /// The file is the one that was signed, but no bundle that this program can read.
        case notABundle
        /// libcrypto failed.
        case library
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }

    init(_ error: SigningError) {
        let kind: Kind =
            switch error.kind {
            case .untrusted: .untrusted
            case .notValidNow: .keyNotValid
            case .unreadable: .unreadable
            case .library: .library
            case .unwritable, .exists, .malformed, .unsupported: .malformed
            }
        self.init(kind, error.message)
    }

    init(_ error: BundleError) { self.init(.notABundle, error.message) }
}
