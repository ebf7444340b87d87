import CLibPQ

/// Writes the rows of a binary COPY (PostgreSQL manual, COPY: Binary Format) into one reused buffer, sent whenever it holds 256 kB.
///
/// A row is `beginRow()` and then one value for each column, in the order the columns were named. Binary COPY converts nothing: each method
/// fits only a column of its type. `nil` is NULL throughout. Valid only inside the closure it was passed to.
public final class PostgresCopyWriter {
    /// The microseconds from 1970-01-01 to 2000-01-01, where Postgres counts from.
    static let epoch: Int64 = 946_684_800_000_000
    private static let flushThreshold = 256 * 1024
    /// A field's length is a signed 32-bit number, and the server takes no more than 1 GB.
    private static let longestField = 1 << 30

    private let columnCount: Int
    private var missing = 0
    /// How many rows were begun.
    public private(set) var rowCount = 0

    private let fields: PostgresFieldBuffer
    /// Absent once the COPY has ended. Not libpq's own pointer: the closure that writes may close the connection.
    private var connection: PostgresConnection?

    init(columnCount: Int, connection: PostgresConnection) {
        self.columnCount = columnCount
        self.connection = connection
        fields = PostgresFieldBuffer(capacity: Self.flushThreshold + 64 * 1024)
        fields.append("PGCOPY\n".utf8.map { $0 } + [0xFF, 0x0D, 0x0A, 0x00])
        fields.store(Int64(0))
    }

    /// Begins the next row.
    public func beginRow() throws(PostgresError) {
        try checkRowIsWhole()
        if fields.count >= Self.flushThreshold { try flush() }
        fields.store(Int16(columnCount))
        missing = columnCount
        rowCount += 1
    }

    /// A whole row, of fields that were put into a buffer before.
    public func row(_ encoded: UnsafeRawBufferPointer) throws(PostgresError) {
        try beginRow()
        try take(room: encoded.count)
        missing = 0
        fields.append(encoded)
    }

    /// NULL, in a column of any type.
    public func null() throws(PostgresError) {
        try take()
        fields.null()
    }

    /// `text`, `varchar`, `name`, `json`, or an enum's label.
    public func text(_ value: String?) throws(PostgresError) {
        guard let value else { return try null() }
        try take(room: value.utf8.count)
        fields.text(value)
    }

    /// `integer`.
    public func int4(_ value: Int32?) throws(PostgresError) {
        guard let value else { return try null() }
        try take()
        fields.int4(value)
    }

    /// `bigint`.
    public func int8(_ value: Int64?) throws(PostgresError) {
        guard let value else { return try null() }
        try take()
        fields.int8(value)
    }

    /// `boolean`.
    public func bool(_ value: Bool?) throws(PostgresError) {
        guard let value else { return try null() }
        try take()
        fields.bool(value)
    }

    /// `bytea`.
    public func bytes(_ value: [UInt8]?) throws(PostgresError) {
        guard let value else { return try null() }
        try take(room: value.count)
        fields.bytes(value)
    }

    /// `jsonb`, from the text of a JSON document; the server checks it.
    public func jsonb(_ value: String?) throws(PostgresError) {
        guard let value else { return try null() }
        try take(room: value.utf8.count + 1)
        fields.jsonb(value)
    }

    /// `text[]`.
    public func textArray(_ value: [String]?) throws(PostgresError) {
        guard let value else { return try null() }
        try take(room: PostgresFieldBuffer.size(ofArray: value))
        fields.textArray(value)
    }

    /// `timestamptz`, in microseconds since 1970-01-01 00:00 UTC.
    public func timestamptz(microsecondsSince1970 value: Int64?) throws(PostgresError) {
        guard let value else { return try null() }
        let (sinceEpoch, overflow) = value.subtractingReportingOverflow(Self.epoch)
        guard !overflow else { throw PostgresError(.usage, "the time \(value) µs is beyond what timestamptz holds") }
        try int8(sinceEpoch)
    }

    /// `numeric`, from decimal text such as `-12.340`; the digits after the point are kept.
    public func numeric(_ value: String?) throws(PostgresError) {
        guard let value else { return try null() }
        guard let number = PostgresNumeric(decimal: value) else {
            throw PostgresError(.usage, "`\(value.prefix(64))` is not a decimal number that numeric holds")
        }
        try take(room: 8 + 2 * number.digits.count)
        fields.numeric(number)
    }

    /// Ends the data and sends what is left.
    func finish() throws(PostgresError) {
        try checkRowIsWhole()
        fields.store(Int16(-1))
        try flush()
    }

    /// Makes a writer kept beyond its COPY harmless.
    func abandon() { connection = nil }

    private func checkRowIsWhole() throws(PostgresError) {
        guard missing == 0 else {
            throw PostgresError(.usage, "row \(rowCount) of the COPY has \(columnCount - missing) values for \(columnCount) columns")
        }
    }

    /// Takes the next column for a value of `room` bytes. Nothing is written or taken when it throws, so the caller may write another value.
    private func take(room: Int = 16) throws(PostgresError) {
        guard missing > 0 else {
            throw PostgresError(.usage, "row \(rowCount) of the COPY has more than \(columnCount) values, or was not begun")
        }
        // The whole buffer goes out in one call, whose length is a signed 32-bit number.
        guard room <= Self.longestField, fields.count + room < Int(Int32.max) - 64 else {
            throw PostgresError(.usage, "a value of \(room) bytes is too long to copy")
        }
        missing -= 1
    }

    private func flush() throws(PostgresError) {
        guard let connection else { throw PostgresError(.usage, "the COPY has ended") }
        let live = try connection.live()
        let sent = PQputCopyData(live, fields.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(fields.count))
        guard sent == 1 else { throw PostgresErrorReading.error(of: nil, on: live) }
        fields.removeAll()
    }
}
