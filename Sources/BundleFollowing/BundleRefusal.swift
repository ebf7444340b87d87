import BundleProvenance
import PolicyBundle

/// Why a bundle that came is not put in force. What is in force stays.
public struct BundleRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable words, for programs.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        case unsigned = "BundleUnsigned"
        case signatureInvalid = "SignatureInvalid"
        case untrusted = "SignerUntrusted"
        case keyNotValid = "KeyNotValid"
        /// The signature is of another file, or the source has announced another digest.
        case otherBundle = "OtherBundle"
        /// It is no bundle, or one that the verifier does not let through.
        case broken = "BundleBroken"
        case otherVersion = "OtherFormatVersion"
        case otherOrganization = "OtherOrganization"
        /// The source has gone back behind what was in force.
        case olderEpoch = "OlderEpoch"
        /// Nothing can be verified without the list of trusted keys.
        case keysUnreadable = "KeysUnreadable"
        /// The one in force is signed by a key that is trusted no more.
        case signerRemoved = "SignerRemoved"
    }

    public var reason: Reason
    public var message: String
    /// Of the bundle, where it could be read.
    public var commit: String?

    public init(_ reason: Reason, _ message: String, commit: String? = nil) {
        self.reason = reason
        self.message = message
        self.commit = commit
    }

    public var description: String { message }

    init(_ error: ProvenanceError, _ feed: String) {
        let reason: Reason =
            switch error.kind {
            case .unsigned: .unsigned
            case .malformed, .library, .unreadable: .signatureInvalid
            case .untrusted: .untrusted
            case .keyNotValid: .keyNotValid
            case .otherBundle: .otherBundle
            case .notABundle: .broken
            }
        self.init(reason, "`\(feed)` is refused: \(error.message)")
    }

    init(_ error: BundleError, _ feed: String) {
        self.init(error.kind == .otherVersion ? .otherVersion : .broken, "`\(feed)` is refused: \(error.message)")
    }
}
