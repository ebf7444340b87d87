import JSON
import TestSupport
import Testing

/// What a daemon says is the matter with it: why it, or its source, is not ready.
enum Reason: Equatable, CustomStringConvertible {
    case source(String)
    case organization(String)

    static let fetchFailed = source("FetchFailed")
    static let fetchTimedOut = source("FetchTimedOut")
    static let branchNotFound = source("BranchNotFound")
    static let repositoryNotFound = source("RepositoryNotFound")
    static let repositoryDamaged = source("RepositoryDamaged")
    static let unsafeTree = source("UnsafeTree")
    static let commitInvalid = organization("CommitInvalid")
    static let historyIncomplete = organization("HistoryIncomplete")
    static let historyRewritten = organization("HistoryRewritten")
    static let databaseUnavailable = organization("DatabaseUnavailable")
    static let databaseReadOnly = organization("DatabaseReadOnly")
    static let databaseFull = organization("DatabaseFull")
    static let databaseLocked = organization("DatabaseLocked")

    var description: String {
        switch self {
        case .source(let reason): "source: \(reason)"
        case .organization(let reason): "organization: \(reason)"
        }
    }

    fileprivate var scope: String {
        switch self {
        case .source: "source"
        case .organization: "organization"
        }
    }

    fileprivate var word: String {
        switch self {
        case .source(let reason), .organization(let reason): reason
        }
    }
}

extension HTTPClient {
    /// The conditions of a scope, by type.
    private func conditions(_ scope: String) throws -> [String: JSONValue] {
        let status = try get("/v1/status").json
        let conditions = (scope == "source" ? status["source"]?["conditions"] : status["conditions"])?.arrayValue ?? []
        return Dictionary(conditions.map { ($0["type"]?.stringValue ?? "", $0) }) { $1 }
    }

    /// Whether the status and the metrics say that this is why it is not ready.
    func tells(_ reason: Reason) throws -> Bool {
        let ready = try conditions(reason.scope)["Ready"]
        guard ready?["status"] == "False", ready?["reason"]?.stringValue == reason.word, ready?["message"]?.stringValue?.isEmpty == false
        else { return false }
        let labels = "scope=\"\(reason.scope)\",type=\"Ready\",status=\"False\",reason=\"\(reason.word)\""
        return try metric("charter_condition{\(labels)}") == 1
    }

    /// Since when it has not been ready, as the status says.
    func since(_ reason: Reason) throws -> String? { try conditions(reason.scope)["Ready"]?["lastTransitionTime"]?.stringValue }

    /// Whether nothing is the matter.
    func tellsNothing() throws -> Bool {
        let (organization, source) = (try conditions("organization"), try conditions("source"))
        return organization["Ready"]?["status"] == "True" && organization["Stalled"]?["status"] == "False"
            && organization["Drifted"]?["status"] == "False" && source["Ready"]?["status"] == "True"
            && source["Stalled"]?["status"] == "False"
    }

    /// How often applying, or looking for drift, has failed for this reason.
    func failures(_ reason: Reason) throws -> Double {
        try metric("charter_reconcile_failures_total{reason=\"\(reason.word)\"}") ?? 0
    }
}

/// Expects that the daemon says so, soon; there is no going on without.
func expectTold(
    _ reason: Reason, by client: HTTPClient, _ charter: RunningCharter, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    if try eventually({ try client.tells(reason) }) { return }
    throw try Failure(
        "line \(sourceLocation.line), \(comment): \(reason) is not told\n\(client.get("/v1/status").text)\n\(charter.program.errors.suffix(4000))"
    )
}

/// Expects that the daemon comes to hold a commit, in force and in the database, and has no complaint left: by itself.
func expectRecovery(
    to commit: String, by client: HTTPClient, _ charter: RunningCharter, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let isBack = try eventually {
        try client.commitInForce() == commit && client.commitInDatabase() == commit && client.tellsNothing()
    }
    if isBack { return }
    throw try Failure(
        "line \(sourceLocation.line), \(comment): it does not come to \(commit)\n\(client.get("/v1/status").text)\n\(client.get("/readyz").text)\n"
            + charter.program.errors.suffix(4000))
}
