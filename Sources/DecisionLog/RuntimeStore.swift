import JSON
import Postgres
import Synchronization

/// Reads what servers have recorded, and changes what people think of it.
public final class RuntimeStore: Sendable {
    /// What a server needs of a database for it: two connections.
    private static let connections = 2

    private let pool = Mutex<PostgresPool?>(nil)

    public init() {}

    /// Begins to read from a database whose schema is up to date.
    public func open(_ configuration: PostgresConfiguration) {
        var configuration = configuration
        configuration.applicationName = "charter api"
        // Nobody waits longer for an answer, and whoever asks for too much must not keep others from theirs.
        configuration.statementTimeout = .seconds(15)
        let opened = PostgresPool(configuration: configuration, size: Self.connections, reopenTimeout: .seconds(1))
        pool.withLock { $0 = opened }
    }

    public func close() { pool.withLock { $0 }?.close() }

    private func opened() throws -> PostgresPool {
        guard let pool = pool.withLock({ $0 }) else { throw PostgresError.notOpen }
        return pool
    }

    /// A page of results, newest first, and where the next one begins.
    public struct Page: Sendable {
        public var items: [JSONValue]
        /// `nil` for the last page.
        public var next: String?

        public init(items: [JSONValue], next: String?) {
            self.items = items
            self.next = next
        }
    }

    /// The most that a page holds.
    public static let longestPage = 1_000

    func read<Value: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> Value) async throws -> Value {
        try await opened().withConnection { connection in
            try connection.transaction(readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_server")
                return try body(connection)
            }
        }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> Value) async throws -> Value {
        try await opened().withConnection { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_server")
                return try body(connection)
            }
        }
    }

    static func sql(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The first `limit` rows; there is one more if another page follows.
    static func page(_ rows: [(cursor: String, item: JSONValue)], limit: Int) -> Page {
        Page(items: rows.prefix(limit).map(\.item), next: rows.count > limit ? rows[limit - 1].cursor : nil)
    }
}
