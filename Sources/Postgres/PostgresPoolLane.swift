import Dispatch

/// One connection of a pool and the queue it lives on.
///
/// INVARIANT: `connection` is touched only on `queue`.
final class PostgresPoolLane: @unchecked Sendable {
    enum Outcome<T: Sendable>: Sendable {
        case finished(Result<T, any Error>)
        /// There is no connection, so the closure was not begun.
        case unopened(PostgresError)
    }

    private let configuration: PostgresConfiguration
    private let queue: DispatchQueue
    private var connection: PostgresConnection?

    init(_ configuration: PostgresConfiguration, number: Int) {
        self.configuration = configuration
        queue = DispatchQueue(label: "charter.postgres.\(number)")
    }

    /// Runs `body` on the queue with a connection that was good a moment ago.
    func perform<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async -> Outcome<T> {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.performHere(body)) }
        }
    }

    /// Closes the connection once the queue is free.
    func close() {
        queue.async { self.connection = nil }
    }

    private func performHere<T: Sendable>(_ body: (PostgresConnection) throws -> T) -> Outcome<T> {
        let connection: PostgresConnection
        do throws(PostgresError) {
            connection = try open()
        } catch {
            return .unopened(error)
        }
        let result = Result { try body(connection) }
        connection.rollBack()
        if !connection.isUsable { self.connection = nil }
        return .finished(result)
    }

    private func open() throws(PostgresError) -> PostgresConnection {
        if let connection, connection.isStillConnected() { return connection }
        connection = nil
        let fresh = try PostgresConnection(configuration)
        connection = fresh
        return fresh
    }
}
