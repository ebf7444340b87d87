import Dispatch
import PolicyEngine
import Synchronization

/// Replays recorded decisions against two versions of an organisation: what would the change have done?
///
/// Each record is decided by both bundles at the time at which it was decided first. What comes of it is the same however many threads do it: each takes
/// the next piece of the log, and what the pieces came to is added up in their order.
public struct DecisionReplay: Sendable {
    /// How far a replay is.
    public struct Progress: Sendable {
        /// Records, and lines that are none.
        public var lines: Int
        /// The part of the log that is done, from 0 to 1; nil where its size is not known.
        public var share: Double?

        /// `1,200,000 lines (45%)`.
        public var text: String { "\(lines.grouped) lines" + (share.map { " (\(Int($0 * 100))%)" } ?? "") }
    }

    private let base: PolicyEngine
    private let head: PolicyEngine
    private let alignment: RuleAlignment
    private let hiddenParts: HiddenParts

    public init(base: PolicyEngine, head: PolicyEngine) {
        self.base = base
        self.head = head
        alignment = RuleAlignment(base.bundle, head.bundle)
        hiddenParts = HiddenParts([base.bundle, head.bundle])
    }

    /// Replays a log.
    ///
    /// - Parameters:
    ///   - path: a file with a record on each line, plain or folded by gzip; `-` for standard input.
    ///   - threads: how many decide.
    ///   - progress: is told how far it is, often, by whichever thread.
    public func run(
        _ path: String, threads: Int, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws(ReplayError) -> ImpactReport {
        let work = Mutex(Work(reader: try LogReader(path: path)))
        DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
            let replayer = Replayer(base, head, alignment, hiddenParts)
            while let (number, piece) = work.withLock({ $0.take() }) {
                let tally = piece.withUnsafeBytes { replayer.replay($0) }
                progress(work.withLock { $0.add(tally, number) })
            }
        }
        let (total, failure) = work.withLock { ($0.total, $0.failure) }
        if let failure { throw failure }
        return ImpactNaming(base: base, head: head, alignment: alignment).report(total)
    }

    /// What threads share.
    private struct Work {
        let reader: LogReader
        var failure: ReplayError?
        var total = ReplayTally()
        /// The number of the piece to be taken next, and of the one to be added next.
        private var taken = 0
        private var added = 0
        /// Pieces that were done before one in front of them, by number: fewer than threads.
        private var waiting: [Int: ReplayTally] = [:]

        init(reader: LogReader) { self.reader = reader }

        /// The next piece and its number; nil at the end.
        mutating func take() -> (number: Int, piece: [UInt8])? {
            guard failure == nil else { return nil }
            do throws(ReplayError) {
                guard let piece = try reader.next() else { return nil }
                defer { taken += 1 }
                return (taken, piece)
            } catch {
                failure = error
                return nil
            }
        }

        mutating func add(_ tally: ReplayTally, _ number: Int) -> Progress {
            waiting[number] = tally
            while let next = waiting.removeValue(forKey: added) {
                total.add(next)
                added += 1
            }
            return Progress(lines: total.lines, share: reader.size.map { min(1, Double(reader.bytesRead) / Double(max(1, $0))) })
        }
    }
}
