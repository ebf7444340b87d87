import Foundation
import Postgres
import Synchronization
import Waiting

/// Keeps a book of keys equal to where they are kept: a table of Postgres, or a file.
///
/// Of the table a copy of the digests is left in a file, so that a server that starts while its database is away knows whom it knew. A key that is
/// revoked meanwhile is known to such a server until it reaches the database.
public final class APIKeyFollower: Sendable {
    public enum Source: Sendable {
        case database(PostgresConfiguration, copy: APIKeyFile)
        case file(APIKeyFile)
    }

    /// Seconds between two looks, where nothing is heard.
    private static let interval = 3.0
    /// Seconds between two looks at a file.
    private static let fileInterval = 0.5

    private let source: Source
    private let book: APIKeyBook
    private let now: @Sendable () -> Int64
    private let complain: @Sendable (String?) -> Void
    private let isStopping = Mutex(false)
    private let stopWake = WakeUp()
    private let ended = DispatchSemaphore(value: 0)
    private let hasStarted = Mutex(false)

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - complain: told of a failure once, and of its end with `nil`.
    public init(
        _ source: Source, book: APIKeyBook, now: @escaping @Sendable () -> Int64, complain: @escaping @Sendable (String?) -> Void
    ) {
        self.source = source
        self.book = book
        self.now = now
        self.complain = complain
    }

    /// Reads all keys once, and follows from then on.
    ///
    /// - Throws: where a file cannot be read. A database that is away is waited for.
    public func start() throws(AccessError) {
        let first: Held
        switch source {
        case .file(let file):
            book.replace(try file.read())
            first = Held(state: FileMark(file.path))
        case .database(_, let copy):
            first = Held()
            do throws(AccessError) {
                try look(first)
            } catch {
                first.failure = error.description
                complain("API keys: \(error)")
                if copy.exists { book.replace(try copy.read()) }
            }
        }
        hasStarted.withLock { $0 = true }
        Thread.detachNewThread { [self] in
            Thread.current.name = "api keys"
            follow(first)
            ended.signal()
        }
    }

    /// Writes down what was used, and ends. Blocks until it has.
    public func stop() {
        guard hasStarted.withLock({ $0 }) else { return }
        isStopping.withLock { $0 = true }
        stopWake.signal()
        ended.wait()
        hasStarted.withLock { $0 = false }
    }

    /// What belongs to one look after the other.
    // INVARIANT of `@unchecked`: whoever makes it hands it over to the thread, and touches it no more.
    private final class Held: @unchecked Sendable {
        var connection: PostgresConnection?
        var state: FileMark?
        var failure: String?
        /// What the copy holds.
        var copied: [APIKeyRecord]?

        init(state: FileMark? = nil) { self.state = state }
    }

    private func follow(_ held: Held) {
        defer { held.connection?.close() }
        while true {
            let stops = isStopping.withLock { $0 }
            do throws(AccessError) {
                try look(held, isLast: stops)
                if held.failure != nil {
                    held.failure = nil
                    complain(nil)
                }
            } catch {
                held.connection?.close()
                held.connection = nil
                if held.failure != error.description {
                    held.failure = error.description
                    if !stops { complain("API keys: \(error)") }
                }
            }
            if stops { return }
            wait(held)
        }
    }

    /// Until something is heard, or it is time for a look.
    private func wait(_ held: Held) {
        guard let connection = held.connection else {
            stopWake.wait(.seconds(Self.fileInterval * (held.failure == nil ? 1 : 4)))
            return
        }
        let end = ContinuousClock.now + .seconds(Self.interval)
        while ContinuousClock.now < end, !isStopping.withLock({ $0 }) {
            // A failure here is met again by the look.
            guard let news = try? connection.notifications(timeoutMilliseconds: 200), news.isEmpty else { return }
        }
    }

    private func look(_ held: Held, isLast: Bool = false) throws(AccessError) {
        switch source {
        case .file(let file): try look(at: file, held)
        case .database(let configuration, let copy): try look(at: configuration, copy, held, isLast: isLast)
        }
    }

    private func look(at file: APIKeyFile, _ held: Held) throws(AccessError) {
        let state = FileMark(file.path)
        guard state != held.state else { return }
        // What cannot be read leaves the keys that were known, and is tried again.
        book.replace(try file.read())
        held.state = state
    }

    private func look(at configuration: PostgresConfiguration, _ copy: APIKeyFile, _ held: Held, isLast: Bool) throws(AccessError) {
        let uses = book.takeUses(now: isLast ? .max : now())
        // Nothing is left to be said: nobody waits for a database that does not answer.
        if isLast, uses.isEmpty { return }
        let connection: PostgresConnection
        do throws(AccessError) {
            if let open = held.connection { connection = open } else { connection = try connect(configuration) }
            held.connection = connection
            if !uses.isEmpty { try APIKeyTable.writeUses(uses, connection) }
        } catch {
            book.putBack(uses)
            throw error
        }
        if isLast { return }
        let records = try APIKeyTable.readAsServer(connection)
        book.replace(records)
        // Without their last use, which is no reason to write it anew.
        let plain = records.map { record in
            var record = record
            record.lastUsedAt = nil
            return record
        }
        if plain != held.copied {
            try copy.write(plain)
            held.copied = plain
        }
    }

    private func connect(_ configuration: PostgresConfiguration) throws(AccessError) -> PostgresConnection {
        var configuration = configuration
        configuration.applicationName = "charter api keys"
        do throws(PostgresError) {
            let connection = try PostgresConnection(configuration)
            do throws(PostgresError) {
                try connection.listen(APIKeyTable.channel)
            } catch {
                connection.close()
                throw error
            }
            return connection
        } catch {
            throw AccessError(error)
        }
    }
}
