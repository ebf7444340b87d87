import Spool
import Synchronization

/// Takes every decision, keeps it on disk, and brings it to its sinks: a decision that was answered is recorded, or counted as lost.
///
/// Appending takes less than a microsecond and never waits for a sink. What was appended survives the process, however it ends.
public final class DecisionLog: Sendable {
    public struct Configuration: Sendable {
        /// The folder of the spool.
        public var directory: String
        /// What may wait on disk.
        public var maxBytes = 1 << 30
        public var segmentBytes = 4 << 20
        /// The share of plain permissions that are logged, from 0 to 1. A decision that denies, or in which a rule took effect, always is.
        public var sampling = 1.0
        public var mask: LogMask?

        public init(directory: String) { self.directory = directory }
    }

    /// How a sink stands.
    public struct SinkStatus: Sendable, Equatable {
        public var name: String
        /// Decisions that wait for it.
        public var backlog: UInt64
        /// Decisions that it never got, since the spool was made.
        public var lost: UInt64
        /// Why it takes nothing at present; `nil` if it does.
        public var failure: String?
        /// Why it has refused a decision, the last one that it refused since the start.
        public var refusal: String?
    }

    let spool: Spool
    private let configuration: Configuration
    private let workers = Mutex<[SinkWorker]>([])
    /// Decisions that were sampled out.
    private let unsampled = Atomic<UInt64>(0)
    /// A permission is logged if this many of its id's bits are below.
    private let threshold: UInt64

    /// Opens the spool; decisions that an earlier process has left there go to the sinks first.
    ///
    /// - Parameters:
    ///   - sinks: the names of those that `start` will be given.
    ///   - notice: told, for people, of what was left behind by a sink that is not there any more.
    public init(
        _ configuration: Configuration, sinks: [String], notice: (String) -> Void = { _ in }
    ) throws(SpoolError) {
        self.configuration = configuration
        let share = min(1, max(0, configuration.sampling))
        threshold = share >= 1 ? 1 << 32 : UInt64(share * 4_294_967_296)
        spool = try Spool(
            .init(directory: configuration.directory, segmentBytes: configuration.segmentBytes, maxBytes: configuration.maxBytes),
            readers: sinks)
        for forgotten in spool.forgotten where forgotten.backlog > 0 {
            notice(
                "\(forgotten.backlog) decision(s) that waited for the sink `\(forgotten.name)` are left to it no more: it is not configured"
            )
        }
    }

    /// Starts to bring decisions to the sinks, once.
    ///
    /// - Precondition: they have the names that were given before.
    public func start(_ sinks: [any DecisionSink]) {
        let started = sinks.map { SinkWorker($0, SpoolReader(spool, $0.name), stream: spool.stream) }
        workers.withLock { workers in
            precondition(workers.isEmpty, "the log was started before")
            workers = started
        }
        for worker in started { worker.start() }
    }

    /// Brings what is left to the sinks that take it, within `seconds`, and ends. What is not taken stays on disk for the next start.
    public func stop(within seconds: Double) {
        let workers = workers.withLock { $0 }
        for worker in workers { worker.stop(within: seconds) }
        for worker in workers { worker.join() }
        spool.close()
    }

    /// Logs a decision, unless it is sampled out.
    public func append(_ entry: DecisionEntry) {
        if entry.isAllowed, entry.hits.isEmpty, threshold != 1 << 32, entry.id.low & 0xffff_ffff >= threshold {
            unsampled.wrappingAdd(1, ordering: .relaxed)
            return
        }
        guard let mask = configuration.mask else {
            return append(DecisionRecordWriter(entry, request: entry.request, decision: entry.decision, isMasked: entry.isMasked))
        }
        let (request, decision) = (mask.masked(request: entry.request), mask.masked(decision: entry.decision))
        Self.withBytes(request, entry.request) { requestBytes in
            Self.withBytes(decision, entry.decision) { decisionBytes in
                append(
                    DecisionRecordWriter(
                        entry, request: requestBytes, decision: decisionBytes, isMasked: entry.isMasked || request != nil || decision != nil
                    ))
            }
        }
    }

    private func append(_ writer: DecisionRecordWriter) { spool.append(count: writer.count) { writer.write(to: $0) } }

    private static func withBytes(_ masked: [UInt8]?, _ plain: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let masked else { return body(plain) }
        masked.withUnsafeBytes { body($0) }
    }

    public var status: [SinkStatus] {
        let workers = workers.withLock { $0 }
        return spool.status.map { reader in
            let worker = workers.first { $0.name == reader.name }
            return SinkStatus(
                name: reader.name, backlog: reader.backlog, lost: reader.lost, failure: worker?.failure, refusal: worker?.refusal)
        }
    }

    /// Decisions taken since the spool was made, and those that were sampled out since the start.
    public var counts: (taken: UInt64, unsampled: UInt64) { (spool.nextSequence, unsampled.load(ordering: .relaxed)) }

    /// Bytes on disk.
    public var bytes: Int { spool.bytes }
}
