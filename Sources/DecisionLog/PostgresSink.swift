import Foundation
import Postgres
import Spool

/// Decisions into Postgres, by binary COPY, each exactly once.
///
/// The position of the stream is written in the transaction that writes the decisions, and read back after every new connection: what was
/// written is known, whatever became of the connection.
public final class PostgresSink: DecisionSink, @unchecked Sendable {
    // INVARIANT: all that is not constant is used by the worker's thread alone.

    public static let name = "postgres"
    public var name: String { Self.name }
    /// A segment of the spool: whatever a batch holds, it is one commit, and each violation in it changes one row.
    public let batchBytes = 4 << 20
    public let interval: Duration

    private let configuration: PostgresConfiguration
    private let host: String
    private var connection: PostgresConnection?
    /// The sequence that the database expects next, as far as it is known.
    private var position: UInt64?
    /// What was refused of the batch that begins with `start`.
    private var refusals: (start: UInt64, delivery: SinkDelivery)?
    /// Why the database has refused something last.
    private var reason: String?
    /// Days of UTC since 1970 whose partitions are there.
    private var days: Set<Int64> = []
    private let fields = PostgresFieldBuffer(capacity: 1 << 16)

    /// Batches that may wait behind one that gives way to others: a quarter of a spool of a gibibyte.
    private static let mostBehind: UInt64 = 64

    static let columns = [
        "at", "id", "stream", "sequence", "allowed", "masked", "subject_type", "subject_id", "action", "resource_type", "resource_id",
        "policies", "caller", "path", "request_id", "trace_id", "nanoseconds", "request", "decision",
    ]

    /// - Parameters:
    ///   - configuration: a database whose schema is up to date.
    ///   - interval: how long decisions are gathered.
    public init(_ configuration: PostgresConfiguration, interval: Duration = .milliseconds(200)) {
        var configuration = configuration
        configuration.applicationName = "charter decisions"
        self.configuration = configuration
        self.interval = interval
        host = ProcessInfo.processInfo.hostName
    }

    public func deliver(_ batch: SpoolBatch, of stream: DecisionStream) throws(SinkFailure) -> SinkDelivery {
        do {
            try write(batch, stream)
            return refused(of: batch)
        } catch let error as PostgresError {
            // Where the transaction stands is read anew.
            position = nil
            if error.isConnectionLoss || connection?.isUsable != true {
                connection?.close()
                connection = nil
            }
            // A record that the database will never take must not hold back those behind it.
            if isRefusal(error), batch.count > 0 {
                reason = error.description
                return try writeInParts(batch, stream)
            }
            throw SinkFailure("\(error)")
        } catch {
            position = nil
            throw SinkFailure("\(error)")
        }
    }

    public func rest() {
        // The partition of tomorrow is there before midnight.
        guard let connection, let latest = days.max() else { return }
        let today = Self.day(Self.now())
        if today >= latest { try? provide(today + 1, connection) }
    }

    // MARK: Connection

    private func open(_ batch: SpoolBatch, _ stream: DecisionStream) throws -> (PostgresConnection, UInt64) {
        let connection: PostgresConnection
        if let open = self.connection, open.isUsable {
            connection = open
        } else {
            connection = try PostgresConnection(configuration)
            // Whoever connects may be more than a server needs to be.
            try connection.script("SET ROLE charter_server")
            self.connection = connection
            position = nil
        }
        if let position { return (connection, position) }
        let rows = try connection.query(
            Self.sql(PackageResources.open_stream_sql),
            [.text(stream.description), .text(host), .int(Int64(bitPattern: batch.settled))])
        let held = UInt64(try rows.first?.int("next_sequence") ?? 0)
        position = held
        return (connection, held)
    }

    private static func sql(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Writing

    private func write(_ batch: SpoolBatch, _ stream: DecisionStream, only: Range<UInt64>? = nil, skips: Bool = false) throws {
        let (connection, held) = try open(batch, stream)
        let end = only?.upperBound ?? batch.next
        // Written before by a connection that was lost, or by a process that was killed before it could note so.
        guard held < end else { return }
        let from = max(held, only?.lowerBound ?? 0)
        try provideDays(of: batch, connection)
        let givesWay = batch.behind < Self.mostBehind * UInt64(batch.count)
        try connection.transaction {
            var count = 0
            if !skips {
                var tally = ViolationTally()
                count = try connection.copyIn(into: "runtime.decisions", columns: Self.columns) { writer in
                    try batch.read { sequence, bytes in
                        guard sequence >= from, sequence < end, let record = DecisionRecord(bytes) else { return }
                        encode(record, sequence, stream)
                        try writer.row(fields.bytes)
                        tally.add(record)
                        // Deciding goes first: without this a batch holds the processor until the kernel's next tick. Not where much waits already.
                        if givesWay, sequence & 7 == 0 { sched_yield() }
                    }
                }
                try add(tally, connection)
            }
            let moved = try connection.execute(
                Self.sql(PackageResources.advance_stream_sql),
                [
                    .text(stream.description), .int(Int64(bitPattern: held)), .int(Int64(bitPattern: end)), .int(Int64(count)),
                ])
            guard moved == 1 else { throw SinkFailure("another process writes the decisions of this spool") }
        }
        position = end
    }

    /// After the database has refused something in the batch: what it takes is written, what it does not is lost, and counted.
    private func writeInParts(_ batch: SpoolBatch, _ stream: DecisionStream) throws(SinkFailure) -> SinkDelivery {
        if refusals?.start != batch.expected { refusals = nil }
        var sequences: [UInt64] = []
        batch.read { sequence, _ in sequences.append(sequence) }
        try writeHalves(of: sequences[...], batch, stream)
        return refused(of: batch)
    }

    /// Writes these, which were refused together: the halves, and of each that is refused its halves, so that one record of thousands costs a few
    /// transactions and not thousands.
    private func writeHalves(of sequences: ArraySlice<UInt64>, _ batch: SpoolBatch, _ stream: DecisionStream) throws(SinkFailure) {
        guard let first = sequences.first, let last = sequences.last else { return }
        if sequences.count == 1 { return try skip(first, batch, stream) }
        let middle = sequences.startIndex + sequences.count / 2
        for (half, end) in [(sequences[..<middle], sequences[middle]), (sequences[middle...], last + 1)] {
            do {
                try write(batch, stream, only: (half.first ?? first)..<end)
            } catch let error as PostgresError {
                position = nil
                guard isRefusal(error) else { throw SinkFailure("\(error)") }
                reason = error.description
                try writeHalves(of: half, batch, stream)
            } catch {
                throw SinkFailure("\(error)")
            }
        }
    }

    /// Goes on behind a record that the database does not take.
    private func skip(_ sequence: UInt64, _ batch: SpoolBatch, _ stream: DecisionStream) throws(SinkFailure) {
        do {
            try write(batch, stream, only: sequence..<sequence + 1, skips: true)
        } catch {
            throw SinkFailure("\(error)")
        }
        refusals = (batch.expected, SinkDelivery(refused: (refusals?.delivery.refused ?? 0) + 1, reason: reason))
    }

    /// Whether the database will never take what it was given, and can be given something else.
    private func isRefusal(_ error: PostgresError) -> Bool {
        guard case .server(let state) = error.kind else { return false }
        return state.hasPrefix("22") && connection?.isUsable == true
    }

    /// What was refused of the batch, also when it was brought before and its connection lost in the midst of it.
    private func refused(of batch: SpoolBatch) -> SinkDelivery {
        defer { refusals = nil }
        return refusals.flatMap { $0.start == batch.expected ? $0.delivery : nil } ?? .whole
    }

    private func encode(_ record: DecisionRecord, _ sequence: UInt64, _ stream: DecisionStream) {
        fields.removeAll()
        fields.timestamptz(microsecondsSince1970: Self.floored(record.at, 1_000))
        fields.uuid(high: record.id.high, low: record.id.low)
        fields.uuid(high: stream.high, low: stream.low)
        fields.int8(Int64(bitPattern: sequence))
        fields.bool(record.isAllowed)
        fields.bool(record.isMasked)
        for name in [DecisionRecord.Text.subjectType, .subjectID, .action, .resourceType, .resourceID] { text(record, name) }
        let hits = record[.hits].isEmpty ? [] : record.hits
        if hits.isEmpty {
            fields.null()
        } else {
            var policies: [String] = []
            for hit in hits where !policies.contains(hit.policy) { policies.append(hit.policy) }
            fields.textArray(policies)
        }
        text(record, .caller)
        text(record, .path)
        if record[.requestID].isEmpty { fields.null() } else { text(record, .requestID) }
        let trace = record.traceID
        if trace.high | trace.low == 0 {
            fields.null()
        } else {
            // As a uuid is sent: sixteen bytes.
            fields.uuid(high: trace.high, low: trace.low)
        }
        fields.int4(Int32(clamping: record.nanoseconds))
        fields.raw(record[.request])
        fields.raw(record[.decision])
    }

    private func text(_ record: DecisionRecord, _ name: DecisionRecord.Text) {
        let bytes = record[name]
        if bytes.contains(0) { fields.text(record.columnText(name)) } else { fields.raw(bytes) }
    }

    private func add(_ tally: ViolationTally, _ connection: PostgresConnection) throws {
        if tally.isEmpty { return }
        let sums = tally.sorted
        func texts(_ value: (ViolationTally.Key, ViolationTally.Sum) -> String) -> PostgresValue {
            .textArray(sums.map { value($0.key, $0.sum) })
        }
        func numbers(_ value: (ViolationTally.Key, ViolationTally.Sum) -> Int64) -> PostgresValue {
            .intArray(sums.map { value($0.key, $0.sum) })
        }
        _ = try connection.execute(
            Self.sql(PackageResources.add_violations_sql),
            [
                texts { key, _ in key.policy }, texts { key, _ in key.subjectType }, texts { key, _ in key.subjectID },
                numbers { key, _ in Self.floored(key.window, 1_000) }, texts { $1.severity }, numbers { Int64($1.count) },
                numbers { Int64($1.denied) }, numbers { Self.floored($1.first, 1_000) }, numbers { Self.floored($1.last, 1_000) },
                texts { $1.rule }, texts { $1.action }, texts { $1.resource }, texts { UUIDText.make($1.decision.high, $1.decision.low) },
            ])
    }

    // MARK: Days

    private func provideDays(of batch: SpoolBatch, _ connection: PostgresConnection) throws {
        var missing: Set<Int64> = []
        batch.read { _, bytes in
            guard let record = DecisionRecord(bytes) else { return }
            let day = Self.day(record.at)
            if !days.contains(day) { missing.insert(day) }
        }
        for day in missing.sorted() { try provide(day, connection) }
    }

    private func provide(_ day: Int64, _ connection: PostgresConnection) throws {
        _ = try connection.execute(
            Self.sql(PackageResources.provide_day_sql), [.text(String(EventTime.rfc3339(day * ViolationTally.window).prefix(10)))])
        days.insert(day)
    }

    static func day(_ at: Int64) -> Int64 { floored(at, ViolationTally.window) }

    private static func floored(_ number: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
}
