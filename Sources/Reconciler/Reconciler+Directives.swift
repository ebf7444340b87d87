import Postgres

/// What an operator has ordered the reconciler to do.
public struct Directive: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Hold one commit until it is released, whatever the branch says.
        case pin
        /// Put nothing in force, and write nothing, until it is resumed.
        case suspend
        /// When it was last resumed: drift fights are counted from then on.
        case resume
    }

    public var kind: Kind
    /// The commit of a pin.
    public var commit: String?
    /// Of a pin: what was held when it was ordered first.
    public var anchor: String?
    public var reason: String
    /// Who ordered it, as he says.
    public var `operator`: String
    /// The database user who wrote it down.
    public var databaseUser: String
    /// RFC 3339.
    public var since: String
}

/// The order to hold a commit.
public struct PinOrder: Sendable {
    public var commit: String
    public var reason: String
    public var `operator`: String

    public init(commit: String, reason: String, operator: String) {
        self.commit = commit
        self.reason = reason
        self.operator = `operator`
    }
}

/// The orders that stand.
public struct Directives: Sendable, Equatable {
    public var pin: Directive?
    public var suspension: Directive?

    public init() {}
}

extension Reconciler {
    /// The orders that stand, and the revision at the same moment; neither before the schema is made.
    public func orders() throws(ReconcilerError) -> (directives: Directives, revision: Revision?) {
        try run { connection in
            try connection.transaction(isolation: .repeatableRead, readOnly: true) {
                (try Self.readDirectives(connection), try Self.readRevision(connection))
            }
        }
    }

    /// Writes down that the reconciler is suspended; not under its own role, which may not.
    public func suspend(reason: String, operator: String) throws(ReconcilerError) {
        try run { connection in
            try connection.transaction {
                // Whoever writes at this moment is waited for: once this returns, nobody does.
                try Self.lock(connection)
                try Self.write(.suspend, nil, reason, `operator`, connection)
            }
        }
    }

    /// Ends a suspension, and lets drift that is fought over be corrected again.
    ///
    /// - Returns: whether it was suspended.
    public func resume(reason: String, operator: String) throws(ReconcilerError) -> Bool {
        try run { connection in
            try connection.transaction {
                let wasSuspended = try Self.remove(.suspend, connection)
                try Self.write(.resume, nil, reason, `operator`, connection)
                return wasSuspended
            }
        }
    }

    /// Holds a commit from now on. The database is to hold it already.
    ///
    /// - Parameter epoch: of the revision that holds it; if the database has gone on since, nothing is written.
    public func pin(_ order: PinOrder, at epoch: Int64) throws(ReconcilerError) {
        try run { connection in
            try connection.transaction {
                try Self.lock(connection)
                let held = try Self.readRevision(connection)
                guard held?.epoch == epoch else { throw ReconcilerError.fenced(expected: epoch, found: held?.epoch ?? 0) }
                try Self.write(order, connection)
            }
        }
    }

    /// Lets the branch be followed again.
    ///
    /// - Returns: whether a commit was pinned.
    public func releasePin() throws(ReconcilerError) -> Bool {
        try run { connection in try Self.remove(.pin, connection) }
    }

    /// Refuses to write what an operator has ruled out since the caller looked. Called under the lock.
    static func obeyDirectives(_ desired: DesiredState, _ connection: PostgresConnection) throws {
        let directives = try readDirectives(connection)
        if let order = directives.suspension { throw ReconcilerError.overruled("suspended by \(order.operator) since \(order.since)") }
        if let pin = directives.pin, let commit = pin.commit, commit != desired.commit {
            throw ReconcilerError.overruled("pinned to commit \(commit.prefix(12)) by \(pin.operator) since \(pin.since)")
        }
    }

    static func write(_ order: PinOrder, _ connection: PostgresConnection) throws(PostgresError) {
        try write(.pin, order.commit, order.reason, order.operator, connection)
    }

    private static func write(
        _ kind: Directive.Kind, _ commit: String?, _ reason: String, _ who: String, _ connection: PostgresConnection
    ) throws(PostgresError) {
        try connection.execute(
            SQLTemplates.fill(PackageResources.write_directive_sql, [:]),
            [.text(kind.rawValue), PostgresValue(commit), .text(reason), .text(who)])
    }

    private static func remove(_ kind: Directive.Kind, _ connection: PostgresConnection) throws(PostgresError) -> Bool {
        try connection.execute(SQLTemplates.fill(PackageResources.remove_directive_sql, [:]), [.text(kind.rawValue)]) > 0
    }

    static func readDirectives(_ connection: PostgresConnection) throws(PostgresError) -> Directives {
        var found = Directives()
        for row in try connection.query(SQLTemplates.fill(PackageResources.read_directives_sql, [:])) {
            // The table admits no other.
            guard let kind = Directive.Kind(rawValue: try row.text("directive")) else { continue }
            let directive = Directive(
                kind: kind, commit: row["commit_id"], anchor: row["anchor_commit_id"], reason: try row.text("reason"),
                operator: try row.text("operator"),
                databaseUser: try row.text("database_user"), since: try row.text("since"))
            switch kind {
            case .pin: found.pin = directive
            case .suspend: found.suspension = directive
            case .resume: break
            }
        }
        return found
    }
}
