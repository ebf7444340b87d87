import JSON
import Postgres
import Synchronization

/// Reads declared state as servers may: in a role that can change nothing of it.
public final class DeclaredStore: Sendable {
    /// What a server needs of a database for it.
    private static let connections = 2
    /// The most documents of a page.
    public static let longestPage = 1_000

    private let pool = Mutex<PostgresPool?>(nil)

    /// Reads from nothing until it is opened.
    public init() {}

    /// Begins to read from a database whose schema is up to date.
    public func open(_ configuration: PostgresConfiguration) {
        let reading = PostgresPool(configuration: Self.reading(configuration), size: Self.connections, reopenTimeout: .seconds(1))
        let former = pool.withLock { pool in
            defer { pool = reading }
            return pool
        }
        former?.close()
    }

    private static func reading(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var reading = configuration
        reading.applicationName = "charter declared"
        reading.statementTimeout = .seconds(10)
        return reading
    }

    public func close() { pool.withLock { $0 }?.close() }

    /// Which documents of a collection are wanted. What is `nil` does not matter.
    public struct Filter: Sendable {
        /// Names that begin so.
        public var prefix: String?
        /// Labels that a document must have, all of them.
        public var labels: [(key: String, value: String)] = []
        /// Names that come after this one.
        public var cursor: String?
        /// At most ``longestPage``.
        public var limit = 100

        public init() {}
    }

    /// Documents by name, and the cursor of the next page.
    public struct Page: Sendable {
        public var documents: [JSONValue]
        /// `nil` for the last page.
        public var next: String?
    }

    public func page(_ collection: DeclaredCollection, _ filter: Filter) async throws -> Page {
        try await read { connection in
            let query = DeclaredQuery(collection.layout)
            let documents = try query.documents(connection, nil, filter, limit: filter.limit + 1)
            let page = documents.prefix(filter.limit)
            return Page(documents: page.map(\.json), next: documents.count > filter.limit ? page.last?.name : nil)
        }
    }

    /// One document, with what follows for it from others where that is asked of its kind.
    ///
    /// - Parameter name: of the only one there is, `nil` will do.
    /// - Returns: `nil` if there is none.
    public func document(_ collection: DeclaredCollection, _ name: String?) async throws -> JSONValue? {
        try await read { connection in
            guard let document = try DeclaredQuery(collection.layout).documents(connection, name, Filter(), limit: 1).first else {
                return nil
            }
            var object = document.json.objectValue ?? [:]
            if let effective = try EffectiveAccess(connection).of(document, collection.layout.kind) { object["effective"] = effective }
            return .object(object)
        }
    }

    /// One state of the database for all statements of `body`.
    private func read<Value: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> Value) async throws -> Value {
        guard let pool = pool.withLock({ $0 }) else { throw PostgresError.notOpen }
        return try await pool.withConnection { connection in
            try connection.transaction(isolation: .repeatableRead, readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_server")
                return try body(connection)
            }
        }
    }
}
