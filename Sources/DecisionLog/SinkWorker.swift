import Foundation
import Spool
import Synchronization
import Waiting

/// The thread that brings decisions to one sink.
final class SinkWorker: Sendable {
    private struct State {
        var failure: String?
        /// Why the last decision that was refused was.
        var refusal: String?
        /// When it has to end, by a clock that nobody sets.
        var deadline: ContinuousClock.Instant?
        var isRunning = false
    }

    /// INVARIANT: used by the worker's thread alone.
    private struct Owned: @unchecked Sendable { var reader: SpoolReader }

    /// After a failure it waits, at first this long and at most so long.
    private static let shortestPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)
    /// A receiver may ask for a longer one, within this.
    private static let longestAsked = Duration.seconds(60)

    private let sink: any DecisionSink
    private let owned: Owned
    private let stream: DecisionStream
    private let state = Mutex(State())
    private let wake = WakeUp()
    private let ended = DispatchSemaphore(value: 0)

    init(_ sink: any DecisionSink, _ reader: SpoolReader, stream: (high: UInt64, low: UInt64)) {
        self.sink = sink
        owned = Owned(reader: reader)
        self.stream = DecisionStream(high: stream.high, low: stream.low)
    }

    var name: String { sink.name }
    var failure: String? { state.withLock { $0.failure } }
    var refusal: String? { state.withLock { $0.refusal } }

    func start() {
        state.withLock { $0.isRunning = true }
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "log \(sink.name)"
        thread.start()
    }

    func stop(within seconds: Double) {
        state.withLock { $0.deadline = .now + .seconds(seconds) }
        wake.signal()
    }

    func join() {
        if state.withLock({ $0.isRunning }) { ended.wait() }
    }

    private func run() {
        var pause = Self.shortestPause
        while true {
            let deadline = state.withLock { $0.deadline }
            do throws(SinkFailure) {
                let isDone = try bring(until: deadline)
                state.withLock { $0.failure = nil }
                pause = Self.shortestPause
                if deadline != nil, isDone { return }
                if deadline == nil { sink.rest() }
                wake.wait(sink.interval)
            } catch {
                state.withLock { $0.failure = error.description }
                let wanted = max(pause, min(error.pause ?? .zero, Self.longestAsked))
                if let deadline, ContinuousClock.now + wanted > deadline { return }
                wake.wait(wanted)
                pause = min(pause * 2, Self.longestPause)
            }
            if let deadline, ContinuousClock.now > deadline { return }
        }
    }

    /// - Returns: whether nothing was left.
    private func bring(until deadline: ContinuousClock.Instant?) throws(SinkFailure) -> Bool {
        while true {
            if let deadline, ContinuousClock.now > deadline { return false }
            let batch: SpoolBatch?
            do throws(SpoolError) {
                batch = try owned.reader.next(maxBytes: sink.batchBytes)
            } catch {
                throw SinkFailure("the spool cannot be read: \(error)")
            }
            guard let batch else { return true }
            let delivery: SinkDelivery
            do throws(SinkFailure) {
                delivery = try sink.deliver(batch, of: stream)
            } catch {
                owned.reader.putBack(batch)
                throw error
            }
            if let reason = delivery.reason { state.withLock { $0.refusal = reason } }
            owned.reader.finish(batch, refused: delivery.refused)
            // A small batch leaves what comes meanwhile to be gathered; one that is small because its file has ended does not.
            if batch.behind == 0, batch.bytes < sink.batchBytes / 2, deadline == nil { return false }
        }
    }
}
