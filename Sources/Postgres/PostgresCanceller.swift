import CLibPQ
import Glibc

/// Stops the statement that a connection is running; usable from any thread.
///
/// INVARIANT: a `PGcancel` is never changed after `PQgetCancel` made it, and `PQcancel` is thread-safe (PostgreSQL manual, 34.7).
public final class PostgresCanceller: @unchecked Sendable {
    private let cancel: OpaquePointer?

    init(_ connection: OpaquePointer) {
        cancel = PQgetCancel(connection)
    }

    deinit { PQfreeCancel(cancel) }

    /// Asks the server to stop what runs now. The statement then fails with SQLSTATE 57014, unless it had ended already.
    public func stop() throws(PostgresError) {
        // libpq asks for 256 bytes.
        var reason = [CChar](repeating: 0, count: 256)
        guard PQcancel(cancel, &reason, Int32(reason.count)) == 0 else { return }
        let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw PostgresError(.connection, "the statement cannot be cancelled: \(text)")
    }
}
