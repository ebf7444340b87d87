import Foundation
import Postgres
import TestSupport
import Testing

/// What a database must hold at a commit: what a new one holds that was made equal to it and to nothing else.
enum ExactState {
    static func of(_ commit: String, in repository: String) throws -> DeclaredState {
        try of(commit, in: repository) { try DeclaredState($0) }
    }

    /// The same for a level, with the level taken out.
    static func ofAnyLevel(of people: People) throws -> DeclaredState {
        try of(try people.repository.head, in: people.repository.path) { try DeclaredState($0, atLevel: 0) }
    }

    private static func of(
        _ commit: String, in repository: String, read: (PostgresConnection) throws -> DeclaredState
    ) throws -> DeclaredState {
        try TemporaryFolder.with { folder in
            // A clone of its own: the repository may be the one that is at fault.
            let clone = try TestRepository(at: folder + "/clone")
            try clone.git("fetch", "--quiet", repository, "+refs/*:refs/fetched/*")
            try clone.git("reset", "--quiet", "--hard", commit)
            return try SharedPostgres.withDatabase { url, connection in
                let outcome = try CharterProgram.run("reconcile", clone.path, "--once", "--database", url)
                guard outcome.status == 0 else { throw Failure("the commit cannot be applied to a new database: \(outcome)") }
                return try read(connection)
            }
        }
    }
}

/// Expects that a database holds a commit exactly: by its own word, row by row, and by `charter drift`; and that nothing is missing from the
/// history of how it came there.
///
/// - Parameter repository: one with the commit, which is whole.
func expectExactly(
    _ commit: String, of repository: String, _ url: String, _ connection: PostgresConnection,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(try connection.heldCommit() == commit, sourceLocation: sourceLocation)
    let held = try DeclaredState(connection)
    let wanted = try ExactState.of(commit, in: repository)
    for table in Set(held.tables.keys).union(wanted.tables.keys) {
        let strange = Set(held.tables[table] ?? []).symmetricDifference(wanted.tables[table] ?? [])
        #expect(strange.isEmpty, "\(table): \(strange.count) row(s), \(strange.prefix(3))", sourceLocation: sourceLocation)
    }
    let drift = try CharterProgram.run("drift", repository, "--detailed-exitcode", "--database", url)
    #expect(drift.status == 0, "\(drift)", sourceLocation: sourceLocation)
    try expectWholeHistory(connection, sourceLocation: sourceLocation)
}

/// Expects that each epoch stands in the history once and begins where the one before ended, up to the revision.
func expectWholeHistory(_ connection: PostgresConnection, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let rows = try connection.query("SELECT epoch, commit_id, previous_commit_id FROM governance.history ORDER BY epoch")
    #expect(try rows.map { try $0.int("epoch") } == (0..<rows.count).map { $0 + 1 }, sourceLocation: sourceLocation)
    let commits = rows.map { $0["commit_id"] }
    #expect(rows.map { $0["previous_commit_id"] } == [nil] + commits.dropLast(), sourceLocation: sourceLocation)
    #expect(try connection.heldCommit() == commits.last ?? nil, sourceLocation: sourceLocation)
}

extension PostgresConnection {
    /// The commit that the database says it holds; `nil` before the first.
    func heldCommit() throws -> String? {
        guard try query("SELECT to_regclass('governance.revision') AS held").first?["held"] != nil else { return nil }
        return try query("SELECT commit_id FROM governance.revision").first?["commit_id"]
    }

    /// The commits that were applied, in order.
    func appliedCommits() throws -> [String] {
        try query("SELECT commit_id FROM governance.history WHERE outcome = 'applied' ORDER BY epoch").compactMap { $0["commit_id"] }
    }

    /// Whether somebody is applying: holds the lock that writing takes, and has looked at the revision. Migrating takes the same lock.
    func isApplying() throws -> Bool {
        try !query(
            """
            SELECT FROM pg_locks AS writing JOIN pg_locks AS looking USING (pid)
            WHERE writing.locktype = 'advisory' AND writing.granted
                AND writing.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND looking.relation = to_regclass('governance.revision')
            """
        ).isEmpty
    }

    /// The server's processes that reconcilers of this database talk to.
    func reconcilerBackends(where condition: String = "true") throws -> [pid_t] {
        try query(
            """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'charter reconciler' AND (\(condition))
            """
        ).compactMap { try $0.int("pid").map { pid_t($0) } }
    }
}
