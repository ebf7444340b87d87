import Digest
import Postgres

/// Keys in Postgres, in `runtime.api_keys`.
///
/// Commands write under the owner's name; servers under the role of servers, which can read keys and say when they were used.
public struct APIKeyTable {
    private let connection: PostgresConnection

    public init(_ connection: PostgresConnection) { self.connection = connection }

    /// The channel on which is told that keys have changed.
    static let channel = "runtime"

    public func all() throws(AccessError) -> [APIKeyRecord] {
        try Self.run { try Self.read(connection) }
    }

    /// Whether the service account is declared, as far as the database knows.
    public func hasAccount(_ name: String) throws(AccessError) -> Bool {
        try Self.run { try !connection.query(Self.sql(PackageResources.has_account_sql), [.text(name)]).isEmpty }
    }

    public func insert(_ record: APIKeyRecord) throws(AccessError) {
        try Self.run { try Self.insert(record, connection) }
    }

    /// - Returns: whether there was such a key that was not revoked yet.
    public func revoke(_ id: String) throws(AccessError) -> Bool {
        try Self.run { try connection.execute(Self.sql(PackageResources.revoke_api_key_sql), [.text(id)]) > 0 }
    }

    /// Puts a key in the place of another, which is refused from `end` on, in one transaction.
    public func replace(_ id: String, endingAt end: Int64, by record: APIKeyRecord) throws(AccessError) {
        try Self.run {
            try connection.transaction {
                try connection.execute(Self.sql(PackageResources.expire_api_key_sql), [.text(id), .int(end)])
                try Self.insert(record, connection)
            }
        }
    }

    // MARK: Under the role of servers

    static func readAsServer(_ connection: PostgresConnection) throws(AccessError) -> [APIKeyRecord] {
        try run { try asServer(connection) { try read(connection) } }
    }

    static func writeUses(_ uses: [(id: String, at: Int64)], _ connection: PostgresConnection) throws(AccessError) {
        try run {
            try asServer(connection) {
                _ = try connection.execute(
                    sql(PackageResources.use_api_keys_sql), [.textArray(uses.map(\.id)), .textArray(uses.map { String($0.at) })])
            }
        }
    }

    private static func asServer<Value>(_ connection: PostgresConnection, _ body: () throws -> Value) throws -> Value {
        try connection.transaction {
            try connection.script("SET LOCAL ROLE charter_server")
            return try body()
        }
    }

    // MARK: Statements

    private static func read(_ connection: PostgresConnection) throws(PostgresError) -> [APIKeyRecord] {
        var records: [APIKeyRecord] = []
        for row in try connection.query(sql(PackageResources.read_api_keys_sql)) {
            guard let digest = try row.bytes("sha256").flatMap({ SHA256Digest(bytes: $0) }) else { continue }
            func time(_ name: String) throws(PostgresError) -> Int64? { try row.int(name).map(Int64.init) }
            records.append(
                APIKeyRecord(
                    id: try row.text("id"), name: try row.text("name"), account: try row.text("account"),
                    scopes: try row.textArray("scopes") ?? [], digest: digest, createdAt: try time("created_at") ?? 0,
                    expiresAt: try time("expires_at"), revokedAt: try time("revoked_at"), lastUsedAt: try time("last_used_at"),
                    replaces: row["replaces"]))
        }
        return records
    }

    private static func insert(_ record: APIKeyRecord, _ connection: PostgresConnection) throws(PostgresError) {
        _ = try connection.execute(
            sql(PackageResources.insert_api_key_sql),
            [
                .text(record.id), .text(record.name), .text(record.account), .textArray(record.scopes), .bytes(record.digest.bytes),
                .int(record.createdAt), PostgresValue(record.expiresAt.map { Int($0) }), PostgresValue(record.replaces),
            ])
    }

    private static func sql(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func run<Value>(_ body: () throws -> Value) throws(AccessError) -> Value {
        do { return try body() } catch { throw (error as? PostgresError).map { AccessError($0) } ?? AccessError("\(error)") }
    }
}
