import CLibPQ
import Glibc

/// A message sent with `NOTIFY` or `pg_notify`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel it was sent on.
    public let channel: String
    /// What was sent; empty where nothing was.
    public let payload: String
    /// The server process of the sender.
    public let pid: Int32
}

extension PostgresConnection {
    /// Subscribes this connection to `channel`.
    public func listen(_ channel: String) throws(PostgresError) {
        try execute("LISTEN \(Self.quoteIdentifier(channel))")
    }

    /// Ends the subscription to `channel`.
    public func unlisten(_ channel: String) throws(PostgresError) {
        try execute("UNLISTEN \(Self.quoteIdentifier(channel))")
    }

    /// The notifications that are there, or the first to arrive within the time; none when it passes without any.
    public func notifications(timeoutMilliseconds: Int) throws(PostgresError) -> [PostgresNotification] {
        let connection = try live()
        let deadline = ContinuousClock.now + .milliseconds(max(0, timeoutMilliseconds))
        while true {
            try absorbInput(connection)
            let found = pending(connection)
            if !found.isEmpty { return found }
            guard PostgresSocket.wait(for: Int16(POLLIN), on: connection, until: deadline) else { return [] }
        }
    }

    /// Whether the server is still there, as far as the idle socket tells; asks it nothing.
    func isStillConnected() -> Bool {
        guard isUsable, let connection = try? live() else { return false }
        // An idle server sends nothing but notices and notifications, so a few rounds empty the socket or come to its end.
        for _ in 0..<16 where PostgresSocket.wait(for: Int16(POLLIN), on: connection, until: .now) {
            guard PQconsumeInput(connection) == 1 else { return false }
            _ = PQisBusy(connection)
        }
        return isUsable
    }

    private func absorbInput(_ connection: OpaquePointer) throws(PostgresError) {
        guard PQconsumeInput(connection) == 1, PQstatus(connection) == CONNECTION_OK else {
            throw PostgresErrorReading.error(of: nil, on: connection)
        }
    }

    private func pending(_ connection: OpaquePointer) -> [PostgresNotification] {
        var found: [PostgresNotification] = []
        while let notify = PQnotifies(connection) {
            found.append(
                PostgresNotification(
                    channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra),
                    pid: notify.pointee.be_pid))
            PQfreemem(notify)
        }
        return found
    }
}
