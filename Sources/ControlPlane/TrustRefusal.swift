import Git

/// Why a commit is not put in force.
public struct TrustRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable: conditions, metrics and alerts name it.
    public enum Reason: String, Sendable, CaseIterable {
        /// The branch no longer holds the commit that was applied last.
        case historyRewritten = "HistoryRewritten"
        /// A commit that must be looked at, or its parent, is not there.
        case historyIncomplete = "HistoryIncomplete"
        /// More commits were not looked at yet than can be.
        case historyTooLong = "HistoryTooLong"
        case commitUnsigned = "CommitUnsigned"
        /// The signature is not sound, of a kind that is not accepted, or made for something else.
        case signatureInvalid = "SignatureInvalid"
        case signerNotTrusted = "SignerNotTrusted"
        case signerExpired = "SignerExpired"
        case signerNotYetValid = "SignerNotYetValid"
        case signerRevoked = "SignerRevoked"
        /// Somebody brings in what they have written.
        case samePerson = "SamePerson"
        /// It cannot be told whether somebody brings in what they have written.
        case personUnknown = "PersonUnknown"
        /// The checking itself failed.
        case verificationFailed = "VerificationFailed"
    }

    public let reason: Reason
    /// The commit at fault: not always the newest.
    public let commit: GitObjectID
    /// What is the matter and what to do, in one line.
    public let message: String

    /// Whether the same commit may pass later, with nothing pushed: it is worth looking again.
    public var isPassing: Bool {
        switch reason {
        case .historyIncomplete, .signerNotYetValid, .verificationFailed: true
        default: false
        }
    }

    public var description: String { "\(reason.rawValue): \(message)" }

    init(_ reason: Reason, _ commit: GitObjectID, _ message: String) {
        self.reason = reason
        self.commit = commit
        self.message = message
    }

    init(_ error: GitError, at commit: GitObjectID) {
        switch error.kind {
        case .shallow(let id), .damagedObject(let id):
            self.init(.historyIncomplete, id, "commit \(commit.short) cannot be believed: \(error.message)")
        case .notFound:
            self.init(.historyIncomplete, commit, "commit \(commit.short) cannot be believed: \(error.message)")
        case .tooManyCommits: self.init(.historyTooLong, commit, error.message)
        default: self.init(.verificationFailed, commit, "commit \(commit.short) cannot be checked: \(error.message)")
        }
    }
}
