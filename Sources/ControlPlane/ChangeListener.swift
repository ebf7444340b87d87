import Foundation
import Postgres

/// Hears from the database that somebody has changed something, so that nobody has to wait for the next look.
///
/// Where it hears nothing (a pooler that hands connections out by transaction passes no notifications on), the looks at intervals remain.
final class ChangeListener: Sendable {
    private static let channel = "governance"
    /// A pause after a connection that could not be made or was lost.
    private static let pause = 2.0

    private let configuration: PostgresConfiguration
    /// The server's process whose own changes are no news.
    private let own: @Sendable () -> Int32?
    private let heard: @Sendable () -> Void
    private let stopping: StopFlag
    private let ended = DispatchSemaphore(value: 0)

    init(
        _ configuration: PostgresConfiguration, stopping: StopFlag, own: @escaping @Sendable () -> Int32?,
        heard: @escaping @Sendable () -> Void
    ) {
        var configuration = configuration
        configuration.applicationName = "charter listener"
        configuration.statementTimeout = nil
        self.configuration = configuration
        self.stopping = stopping
        self.own = own
        self.heard = heard
    }

    /// Begins to listen: from now on everything is heard, if the database can be reached.
    ///
    /// - Parameter connectsFirst: whether to return once there is a connection, or could be none; without, it is made on the way.
    func start(connectsFirst: Bool = true) {
        let first = First(connection: connectsFirst ? try? connect() : nil)
        Thread.detachNewThread { [self] in
            listen(first)
            ended.signal()
        }
    }

    /// A connection on its way to the thread that uses it.
    // INVARIANT of `@unchecked`: whoever makes it hands it over and touches it no more, so that it is used by one thread after the other.
    private final class First: @unchecked Sendable {
        var connection: PostgresConnection?
        init(connection: PostgresConnection?) { self.connection = connection }
    }

    /// Waits for the thread's end, once `stopping` is set.
    func join() { ended.wait() }

    private func connect() throws(PostgresError) -> PostgresConnection {
        let connection = try PostgresConnection(configuration)
        do throws(PostgresError) {
            try connection.listen(Self.channel)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    private func listen(_ first: First) {
        while !stopping.isSet {
            do throws(PostgresError) {
                let connection: PostgresConnection
                if let made = first.connection {
                    connection = made
                    first.connection = nil
                } else {
                    connection = try connect()
                    // What was sent before is not heard.
                    heard()
                }
                defer { connection.close() }
                while !stopping.isSet {
                    let news = try connection.notifications(timeoutMilliseconds: 200)
                    let mine = own()
                    if news.contains(where: { $0.pid != mine }) { heard() }
                }
            } catch {
                // The keeper meets the same and tells of it.
                let end = ContinuousClock.now + .seconds(Self.pause)
                while !stopping.isSet, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
    }
}
