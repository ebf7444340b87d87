import CallerAccess
import EnforcementServer
import Foundation
import Postgres
import Reconciler

/// Makes, lists and ends API keys: in a database, or in a file.
public final class APIKeyAdministration {
    private enum Store {
        case database(Database, PostgresConnection)
        case file(APIKeyFile)
    }

    private let store: Store
    private let report: (String) -> Void

    /// Keys in a file, which need not be there yet.
    public init(file: String) {
        store = .file(APIKeyFile(file))
        report = { _ in }
    }

    /// Keys in the database of a state folder, or in one that is named.
    public init(
        database url: String?, state: String, namespace: GovernanceNamespace, report: @escaping (String) -> Void
    ) throws(ControlError) {
        self.report = report
        if url == nil {
            guard FileManager.default.fileExists(atPath: state + "/version") else {
                throw ControlError(.input, "there is no state folder `\(state)`; run `charter up` first, or name --database or --file")
            }
        }
        let database = try Database.open(url, directory: state + "/postgres", namespace: namespace, takesOver: false, progress: report)
        do throws(PostgresError) {
            store = .database(database, try PostgresConnection(database.configuration))
        } catch {
            database.close(progress: report)
            throw ControlError(error)
        }
    }

    public func close() {
        guard case .database(let database, let connection) = store else { return }
        connection.close()
        database.close(progress: report)
    }

    /// What a key is made with.
    public struct Order: Sendable {
        public var account: String
        public var name = ""
        /// As `APIOperation` names them, with or without `charter.`.
        public var scopes: [String] = []
        /// Seconds; for ever without.
        public var lifetime: Int64?

        public init(account: String) { self.account = account }
    }

    public typealias Made = (key: APIKey, record: APIKeyRecord)

    public func create(_ order: Order, now: Int64) throws(ControlError) -> Made {
        let scopes = try Self.scopes(order.scopes)
        if case .database(_, let connection) = store {
            let isKnown = try access { () throws(AccessError) in try APIKeyTable(connection).hasAccount(order.account) }
            guard isKnown else {
                throw ControlError(
                    .input, "the database holds no ServiceAccount `\(order.account)`: commit one first, and let it be applied")
            }
        }
        let made = APIKeyRecord.make(account: order.account, name: order.name, scopes: scopes, lifetime: order.lifetime, now: now)
        switch store {
        case .database(_, let connection): try access { () throws(AccessError) in try APIKeyTable(connection).insert(made.record) }
        case .file(let file):
            try access { () throws(AccessError) in try file.write((file.exists ? try file.read() : []) + [made.record]) }
        }
        return made
    }

    public func list() throws(ControlError) -> [APIKeyRecord] {
        try access { () throws(AccessError) in
            switch store {
            case .database(_, let connection): try APIKeyTable(connection).all()
            case .file(let file): try file.read()
            }
        }
    }

    /// Ends a key at once.
    public func revoke(_ id: String, now: Int64) throws(ControlError) {
        let record = try find(id)
        guard record.revokedAt == nil else { return }
        try access { () throws(AccessError) in
            switch store {
            case .database(_, let connection): _ = try APIKeyTable(connection).revoke(id)
            case .file(let file):
                try file.change(id) { $0.revokedAt = now }
            }
        }
    }

    /// Makes a key of the same account, name and scopes; the old one goes on to be taken for `overlap` seconds.
    public func rotate(_ id: String, overlap: Int64, now: Int64) throws(ControlError) -> Made {
        let old = try find(id)
        guard old.standing(at: now) == .valid else {
            throw ControlError(
                .input, "the key `\(id)` is \(old.standing(at: now).rawValue); make a new one with `charter api-keys create`")
        }
        let made = old.successor(now: now)
        let end = min(old.expiresAt ?? .max, now + overlap)
        try access { () throws(AccessError) in
            switch store {
            case .database(_, let connection): try APIKeyTable(connection).replace(id, endingAt: end, by: made.record)
            case .file(let file): try file.change(id, adding: made.record) { $0.expiresAt = end }
            }
        }
        return made
    }

    private func find(_ id: String) throws(ControlError) -> APIKeyRecord {
        guard let record = try list().first(where: { $0.id == id }) else {
            // It may be the key itself that was given, which is not to be repeated.
            let shown = APIKey.isMeant(by: id) ? "that" : "`\(id.prefix(64))`"
            throw ControlError(
                .input, "there is no API key with the id \(shown); `charter api-keys list` shows the ids, which begin with `key-`")
        }
        return record
    }

    /// As they are kept: with `charter.`, each once.
    private static func scopes(_ given: [String]) throws(ControlError) -> [String] {
        var scopes: Set<String> = []
        for scope in given {
            guard let operation = APIOperation.allCases.first(where: { $0.rawValue == scope || $0.action == scope }) else {
                let known = APIOperation.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlError(.usage, "`\(scope)` is no scope; there are \(known)")
            }
            scopes.insert(operation.action)
        }
        return scopes.sorted()
    }

    private func access<Value>(_ body: () throws(AccessError) -> Value) throws(ControlError) -> Value {
        do throws(AccessError) {
            return try body()
        } catch {
            // The schema is brought up to date by who runs it: a command of another version must not do so under a server's feet.
            if let state = error.database?.sqlState, ["42P01", "3F000"].contains(state) {
                throw ControlError(
                    .input, "the database holds no API keys yet; run `charter up`, or `charter reconcile`, of this version first")
            }
            if let database = error.database { throw ControlError(database) }
            throw ControlError(.input, error.description)
        }
    }
}
