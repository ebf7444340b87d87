/// Fields as binary COPY has them (PostgreSQL manual, COPY: Binary Format): a length of four bytes and the value in its binary form, `nil`
/// being NULL throughout. Memory grows as needed and is kept.
public final class PostgresFieldBuffer {
    // INVARIANT: `memory` holds `capacity` bytes, of which the first `count` are written; `reserve` precedes every store.
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    public private(set) var count = 0

    public init(capacity: Int = 1_024) {
        self.capacity = max(16, capacity)
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// What was written; valid until the next call.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Forgets what was written.
    public func removeAll() { count = 0 }

    public func null() { store(Int32(-1)) }

    /// `text`, `varchar`, `name`, `json`, or an enum's label.
    public func text(_ value: String) {
        var value = value
        value.withUTF8 { bytes in
            store(Int32(truncatingIfNeeded: bytes.count))
            append(UnsafeRawBufferPointer(bytes))
        }
    }

    /// A value in its binary form: `bytea`, `uuid` in 16 bytes, or a text that is known to be UTF-8 without NUL.
    public func raw(_ value: UnsafeRawBufferPointer) {
        store(Int32(truncatingIfNeeded: value.count))
        append(value)
    }

    /// `uuid`, from its two halves in the order of its digits.
    public func uuid(high: UInt64, low: UInt64) {
        store(Int32(16))
        store(high)
        store(low)
    }

    /// `timestamptz`, in microseconds since 1970-01-01 00:00 UTC; what it cannot hold is clamped.
    public func timestamptz(microsecondsSince1970 value: Int64) {
        let (sinceEpoch, overflow) = value.subtractingReportingOverflow(PostgresCopyWriter.epoch)
        // `infinity` is told apart by the last two numbers.
        int8(overflow ? Int64.min + 1 : sinceEpoch)
    }

    /// `integer`.
    public func int4(_ value: Int32) {
        store(Int32(4))
        store(value)
    }

    /// `bigint`.
    public func int8(_ value: Int64) {
        store(Int32(8))
        store(value)
    }

    /// `boolean`.
    public func bool(_ value: Bool) {
        store(Int32(1))
        store(value ? UInt8(1) : 0)
    }

    /// `bytea`.
    public func bytes(_ value: [UInt8]) {
        store(Int32(truncatingIfNeeded: value.count))
        append(value)
    }

    /// `jsonb`, from the text of a JSON document.
    public func jsonb(_ value: String) {
        var value = value
        value.withUTF8 { bytes in
            store(Int32(truncatingIfNeeded: bytes.count + 1))
            // The version of jsonb's binary form, before the text.
            store(UInt8(1))
            append(UnsafeRawBufferPointer(bytes))
        }
    }

    /// `text[]`.
    public func textArray(_ value: [String]) {
        // 25 is the OID of text.
        beginArray(of: 25, count: value.count, bytes: Self.size(ofArray: value))
        for element in value { text(element) }
    }

    /// `bigint[]`.
    public func int8Array(_ value: [Int64]) {
        // 20 is the OID of bigint.
        beginArray(of: 20, count: value.count, bytes: (value.isEmpty ? 12 : 20) + value.count * 12)
        for element in value { int8(element) }
    }

    static func size(ofArray value: [String]) -> Int { value.reduce(value.isEmpty ? 12 : 20) { $0 + 4 + $1.utf8.count } }

    /// - Parameter bytes: of the whole array.
    private func beginArray(of type: Int32, count: Int, bytes: Int) {
        store(Int32(truncatingIfNeeded: bytes))
        store(Int32(count == 0 ? 0 : 1))  // dimensions
        store(Int32(0))  // no NULL inside
        store(type)
        if count == 0 { return }
        store(Int32(truncatingIfNeeded: count))
        store(Int32(1))  // the lower bound
    }

    func numeric(_ number: PostgresNumeric) {
        store(Int32(8 + 2 * number.digits.count))
        store(UInt16(number.digits.count))
        store(number.weight)
        store(number.isNegative ? UInt16(0x4000) : 0)
        store(number.scale)
        for digit in number.digits { store(digit) }
    }

    /// `numeric`, from decimal text such as `-12.340`; the digits after the point are kept. False if that is no number.
    public func numeric(_ value: String) -> Bool {
        guard let number = PostgresNumeric(decimal: value) else { return false }
        numeric(number)
        return true
    }

    // MARK: Bytes

    public func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// Stores in network byte order.
    func store<N: FixedWidthInteger & BitwiseCopyable>(_ value: N) {
        reserve(MemoryLayout<N>.size)
        (memory + count).storeBytes(of: value.bigEndian, as: N.self)
        count += MemoryLayout<N>.size
    }

    private func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        let grown = max(capacity * 2, count + extra)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
        capacity = grown
    }
}
