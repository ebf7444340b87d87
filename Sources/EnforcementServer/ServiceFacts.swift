import JSON

/// What is known of an organisation while it is served, as far as its status follows from it.
public struct ServiceFacts: Sendable {
    /// A commit that is not put in force.
    public struct Refusal: Sendable {
        /// One CamelCase word, e.g. `CommitInvalid`.
        public var reason: String
        /// Empty where it could not be read.
        public var commit: String
        /// RFC 3339.
        public var time: String
        public var errorCount: Int
        /// The first errors, each as `path:line:column: message`.
        public var errors: [String]

        public init(reason: String, commit: String, time: String, errorCount: Int, errors: [String]) {
            self.reason = reason
            self.commit = commit
            self.time = time
            self.errorCount = errorCount
            self.errors = errors
        }
    }

    /// How the database stands to the commit in force.
    public enum DatabaseState: Sendable {
        /// No database belongs to this server.
        case none
        case pending
        /// Equal to the commit, or equal but for the drift reported.
        case synced(commit: String, epoch: Int64, time: String)
        /// - Parameter needsHelp: whether trying again will not mend it.
        case failing(reason: String, message: String, since: String, needsHelp: Bool)
    }

    /// Whether the repository can be read.
    public enum SourceState: Sendable {
        /// The bundle comes from a file.
        case none
        case pending
        case ready
        /// - Parameter needsHelp: whether trying again will not mend it.
        case failing(reason: String, message: String, needsHelp: Bool)
    }

    /// Where the documents come from.
    public struct Source: Sendable {
        /// Never with a credential.
        public var description: String
        /// What is followed: `refs/heads/main`, a tag, a commit.
        public var reference: String
        /// The folder in the tree that holds the documents; empty for the whole tree.
        public var path: String

        public init(description: String, reference: String, path: String) {
            self.description = description
            self.reference = reference
            self.path = path
        }
    }

    /// What an operator has ordered.
    public struct Order: Sendable, Equatable {
        /// Of a pin.
        public var commit: String?
        public var by: String
        public var reason: String
        /// RFC 3339.
        public var since: String

        public init(commit: String?, by: String, reason: String, since: String) {
            self.commit = commit
            self.by = by
            self.reason = reason
            self.since = since
        }

        var json: JSONValue {
            var object: JSONObject = ["by": .string(by), "reason": .string(reason), "since": .string(since)]
            if let commit { object["commit"] = .string(commit) }
            return .object(object)
        }
    }

    /// Objects of the database that were found different from the commit.
    public struct DriftReport: Sendable {
        /// RFC 3339.
        public var time: String
        public var commit: String
        /// `corrected`, `reported` or `overtaken`.
        public var outcome: String
        /// As `SyncPlan.json`.
        public var objects: JSONValue

        public init(time: String, commit: String, outcome: String, objects: JSONValue) {
            self.time = time
            self.commit = commit
            self.outcome = outcome
            self.objects = objects
        }
    }

    /// How the logging of decisions stands.
    public struct LogState: Sendable, Equatable {
        /// Sinks that take nothing, with what waits for each and why.
        public var failing: [String] = []
        /// Decisions that a sink will never get, lately.
        public var lost: UInt64 = 0
        /// Why sinks have refused decisions, of each the last one.
        public var refusals: [String] = []

        public init() {}
    }

    public var organization = ""
    /// `nil` where nothing is logged.
    public var log: LogState?
    public var source: Source?
    /// What it is called: the `repository`, or whatever a bundle comes from.
    public var sourceNoun = "repository"
    public var sourceState = SourceState.none
    /// The newest commit that was seen.
    public var seen: String?
    public var inForce: (commit: String, digest: String)?
    public var refusal: Refusal?
    public var database = DatabaseState.none
    public var isWorking = false
    /// Whether the first look at everything is still under way.
    public var isStarting = false
    public var pin: Order?
    public var suspension: Order?
    /// RFC 3339.
    public var lastCheck: String?
    /// Drift that stands uncorrected.
    public var openDrift: DriftReport?
    /// Objects, as `Kind/name`, that are changed back so often that they are not corrected any more.
    public var fights: [String] = []
    /// Servers whose bundle is not the one that is to be in force, for people.
    public var differingServers: [String] = []

    public init() {}

    /// The database's revision, as far as it is known.
    var generation: Int64 {
        if case .synced(_, let epoch, _) = database { epoch } else { 0 }
    }
}
