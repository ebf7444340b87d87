import Dispatch
import Synchronization

/// A fixed number of connections for use from asynchronous code.
///
/// Each has a serial queue of its own, on which a whole closure (a transaction, a COPY) runs and blocks; the task waits without holding a
/// thread. Connections are opened when first needed, and anew after a loss.
public final class PostgresPool: Sendable {
    /// How many connections there are at most.
    public let size: Int
    /// How long `withConnection` goes on trying to connect to a server that cannot be reached.
    public let reopenTimeout: Duration

    private let lines: Mutex<PostgresPoolLines>

    /// Connects to nothing yet.
    public init(configuration: PostgresConfiguration, size: Int, reopenTimeout: Duration = .seconds(5)) {
        self.size = max(1, size)
        self.reopenTimeout = reopenTimeout
        let lanes = (0..<self.size).map { PostgresPoolLane(configuration, number: $0) }
        // The last is taken first: under little load the same few connections stay warm.
        lines = Mutex(PostgresPoolLines(idle: lanes.reversed()))
    }

    deinit { close() }

    /// Runs `body` with a connection of its own, waiting for one where all are in use.
    ///
    /// Throws what `body` throws; a `PostgresError` where no connection can be made; `CancellationError` when the task is cancelled while it
    /// waits. `body` itself, once begun, runs to its end. A transaction it leaves open is rolled back.
    public func withConnection<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let lane = try await acquire()
        defer { release(lane) }
        let deadline = ContinuousClock.now + reopenTimeout
        var pause = Duration.milliseconds(50)
        while true {
            switch await lane.perform(body) {
            case .finished(let result): return try result.get()
            case .unopened(let error):
                guard error.isRetryable, ContinuousClock.now + pause < deadline, !lines.withLock({ $0.isClosed }) else { throw error }
                // Spread out, so that not every connection of every server comes back in the same moment.
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    /// Closes the idle connections now and each busy one when its closure ends; whoever waits gets an error. Closing twice is harmless.
    public func close() {
        let (idle, waiting) = lines.withLock { $0.close() }
        for waiter in waiting { waiter.resume(throwing: Self.closed) }
        for lane in idle { lane.close() }
    }

    private static let closed = PostgresError(.usage, "the connection pool is closed")

    private func acquire() async throws -> PostgresPoolLane {
        let ticket = lines.withLock { $0.nextTicket() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<PostgresPoolLane, any Error>? = lines.withLock { lines in
                    if lines.isClosed { return .failure(Self.closed) }
                    // The flag is set before the handler below runs, and that takes the same lock: a cancellation is seen here or there.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let lane = lines.idle.popLast() { return .success(lane) }
                    lines.waiting.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            lines.withLock { $0.removeWaiter(ticket) }?.resume(throwing: CancellationError())
        }
    }

    private func release(_ lane: PostgresPoolLane) {
        enum Next {
            case handOver(CheckedContinuation<PostgresPoolLane, any Error>)
            case close, keep
        }
        let next: Next = lines.withLock { lines in
            if lines.isClosed { return .close }
            if !lines.waiting.isEmpty { return .handOver(lines.waiting.removeFirst().continuation) }
            lines.idle.append(lane)
            return .keep
        }
        switch next {
        case .handOver(let continuation): continuation.resume(returning: lane)
        case .close: lane.close()
        case .keep: break
        }
    }
}

/// Who has a connection and who waits for one, first come, first served.
struct PostgresPoolLines {
    var idle: [PostgresPoolLane]
    var waiting: [(ticket: UInt64, continuation: CheckedContinuation<PostgresPoolLane, any Error>)] = []
    private(set) var isClosed = false
    private var lastTicket: UInt64 = 0

    init(idle: [PostgresPoolLane]) { self.idle = idle }

    mutating func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    mutating func removeWaiter(_ ticket: UInt64) -> CheckedContinuation<PostgresPoolLane, any Error>? {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: index).continuation
    }

    mutating func close() -> ([PostgresPoolLane], [CheckedContinuation<PostgresPoolLane, any Error>]) {
        isClosed = true
        defer {
            idle = []
            waiting = []
        }
        return (idle, waiting.map(\.continuation))
    }
}
