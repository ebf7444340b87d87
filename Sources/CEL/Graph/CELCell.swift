/// A value in sixteen bytes without references: what the graph machine reads and writes.
///
/// Text, bytes, lists and maps are places in the memory of a `CELActivation`, so that a cell means something only together with that.
public struct CELCell: Sendable, BitwiseCopyable {
    /// What the payload holds.
    public enum Tag: UInt8, Sendable {
        /// Nothing: the slot has no value.
        case absent
        case null
        /// 0 or 1.
        case bool
        case int
        case uint
        /// The bit pattern.
        case double
        /// Offset in the low half, byte count in the high one.
        case text
        case bytes
        /// Offset in the low half, element count in the high one.
        case list
        /// Offset in the low half, entry count in the high one.
        case map
        /// Seconds; the nanoseconds lie in the upper half of `meta`.
        case timestamp
        /// Nanoseconds.
        case duration
        /// The index of a value that the activation keeps: optionals, types, addresses. The graph machine leaves it to the general one.
        case opaque
    }

    /// The tag in bits 0–7, in bit 8 whether text lies in the program rather than in the activation, in the upper half the hash of text
    /// or the nanoseconds of a timestamp.
    var meta: UInt64
    var payload: UInt64

    @inline(__always)
    init(meta: UInt64, payload: UInt64) {
        self.meta = meta
        self.payload = payload
    }

    @inline(__always)
    init(_ tag: Tag, _ payload: UInt64, extra: UInt32 = 0) {
        meta = UInt64(tag.rawValue) | UInt64(extra) << 32
        self.payload = payload
    }

    @inline(__always)
    init(_ tag: Tag, offset: Int, count: Int, extra: UInt32 = 0) {
        self.init(tag, UInt64(UInt32(truncatingIfNeeded: offset)) | UInt64(UInt32(truncatingIfNeeded: count)) << 32, extra: extra)
    }

    static let programText: UInt64 = 0x100

    /// The first word of the empty text as a constant.
    static let emptyProgramText: UInt64 = {
        let hash = withUnsafeBytes(of: UInt64(0)) { bytes in bytes.baseAddress.map { TextHash.of($0, 0) } ?? 0 }
        return UInt64(Tag.text.rawValue) | programText | UInt64(hash) << 32
    }()

    @inline(__always) var rawTag: UInt8 { UInt8(truncatingIfNeeded: meta) }
    @inline(__always) func isTagged(_ tag: Tag) -> Bool { rawTag == tag.rawValue }
    @inline(__always) var extra: UInt32 { UInt32(truncatingIfNeeded: meta >> 32) }
    @inline(__always) var offset: Int { Int(UInt32(truncatingIfNeeded: payload)) }
    @inline(__always) var count: Int { Int(payload >> 32) }
    @inline(__always) var int: Int64 { Int64(bitPattern: payload) }
    @inline(__always) var double: Double { Double(bitPattern: payload) }

    public var tag: Tag { Tag(rawValue: rawTag) ?? .absent }
}

extension CELCell {
    public static let absent = CELCell(.absent, 0)
    public static let null = CELCell(.null, 0)
    @inline(__always) public static func bool(_ value: Bool) -> CELCell { CELCell(.bool, value ? 1 : 0) }
    @inline(__always) public static func int(_ value: Int64) -> CELCell { CELCell(.int, UInt64(bitPattern: value)) }
    @inline(__always) public static func uint(_ value: UInt64) -> CELCell { CELCell(.uint, value) }
    @inline(__always) public static func double(_ value: Double) -> CELCell { CELCell(.double, value.bitPattern) }
    @inline(__always) public static func duration(_ value: CELDuration) -> CELCell {
        CELCell(.duration, UInt64(bitPattern: value.nanoseconds))
    }
    @inline(__always) public static func timestamp(_ value: CELTimestamp) -> CELCell {
        CELCell(.timestamp, UInt64(bitPattern: value.seconds), extra: UInt32(bitPattern: value.nanoseconds))
    }

    /// The cell of a value that needs no memory, else nil.
    init?(scalar value: CELValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .uint(let value): self = .uint(value)
        case .double(let value): self = .double(value)
        case .timestamp(let value): self = .timestamp(value)
        case .duration(let value): self = .duration(value)
        default: return nil
        }
    }

    /// The value of a cell that is an integer.
    public var intValue: Int64? { isTagged(.int) ? int : nil }

    /// The value of a cell that needs no memory, else nil.
    var scalar: CELValue? {
        switch tag {
        case .null: .null
        case .bool: .bool(payload != 0)
        case .int: .int(int)
        case .uint: .uint(payload)
        case .double: .double(double)
        case .timestamp: time.map { .timestamp($0) }
        case .duration: .duration(CELDuration(nanoseconds: int))
        default: nil
        }
    }

    /// The instant in a timestamp's cell.
    var time: CELTimestamp? { CELTimestamp(seconds: int, nanoseconds: Int32(truncatingIfNeeded: extra)) }
}
