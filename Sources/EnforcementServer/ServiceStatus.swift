import JSON
import Synchronization

/// What stands behind `/readyz` and `/v1/drift`, written by whoever drives the server.
public final class ServiceStatus: Sendable {
    /// A commit that was not put in force.
    public struct Refusal: Sendable {
        public var commit: String
        /// RFC 3339.
        public var time: String
        public var errorCount: Int
        /// The first errors, each as `path:line:column: message`.
        public var errors: [String]

        public init(commit: String, time: String, errorCount: Int, errors: [String]) {
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
        case failing(message: String, since: String)
    }

    /// Objects of the database that were found different from the commit.
    public struct DriftReport: Sendable {
        /// RFC 3339.
        public var time: String
        public var commit: String
        /// `corrected` or `reported`.
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

    private struct State {
        var refusal: Refusal?
        var database = DatabaseState.none
        var sourceError: String?
        var lastCheck: String?
        var open: DriftReport?
        var history: [DriftReport] = []
    }

    /// How many reports of past drift are kept in memory.
    private static let historyLimit = 100

    private let state = Mutex(State())

    public init() {}

    public func set(refusal: Refusal?) { state.withLock { $0.refusal = refusal } }
    public func set(database: DatabaseState) { state.withLock { $0.database = database } }
    /// Why the repository could not be read; `nil` when it can.
    public func set(sourceError: String?) { state.withLock { $0.sourceError = sourceError } }

    /// Records a check for drift at `time` that found nothing (`nil`) or `report`.
    /// - Returns: whether that is new: drift that is only reported is found again at every check.
    @discardableResult
    public func checked(at time: String, found report: DriftReport?) -> Bool {
        state.withLock { state in
            state.lastCheck = time
            let isKnown = report?.outcome == "reported" && state.open?.objects == report?.objects
            state.open = report?.outcome == "reported" ? report : nil
            guard let report else { return false }
            // One entry for it, with its last time.
            if isKnown { state.history.removeLast() }
            state.history.append(report)
            if state.history.count > Self.historyLimit { state.history.removeFirst() }
            return !isKnown
        }
    }

    /// The drift that stands uncorrected, as a count of objects.
    public var openDriftCount: Int {
        state.withLock { $0.open?.objects.arrayValue?.count ?? 0 }
    }

    public var hasRefusal: Bool { state.withLock { $0.refusal != nil } }

    /// The body of `GET /v1/drift`.
    public var driftJSON: JSONValue {
        state.withLock { state in
            [
                "drifted": .bool(state.open != nil), "checkedAt": state.lastCheck.map { .string($0) } ?? .null,
                "objects": state.open?.objects ?? [],
                "history": .array(
                    state.history.reversed().map {
                        [
                            "time": .string($0.time), "commit": .string($0.commit), "outcome": .string($0.outcome), "objects": $0.objects,
                        ]
                    }),
            ]
        }
    }

    /// The details of `GET /readyz`.
    public var readinessJSON: JSONObject {
        state.withLock { state in
            var checks = JSONObject()
            checks["database"] = Self.json(state.database)
            if let message = state.sourceError { checks["repository"] = ["status": "failing", "message": .string(message)] }
            if let refusal = state.refusal {
                checks["commit"] = [
                    "status": "refused", "commit": .string(refusal.commit), "time": .string(refusal.time),
                    "errorCount": .int(Int64(refusal.errorCount)), "errors": JSONValue(refusal.errors),
                    "message": "the newest commit has errors; the last good bundle stays in force",
                ]
            } else {
                checks["commit"] = ["status": "ok"]
            }
            return checks
        }
    }

    private static func json(_ database: DatabaseState) -> JSONValue {
        switch database {
        case .none: ["status": "none"]
        case .pending: ["status": "pending"]
        case .synced(let commit, let epoch, let time):
            ["status": "ok", "commit": .string(commit), "epoch": .int(epoch), "time": .string(time)]
        case .failing(let message, let since): ["status": "failing", "message": .string(message), "since": .string(since)]
        }
    }
}
