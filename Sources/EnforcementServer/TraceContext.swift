/// What a caller's trace is known by: W3C Trace Context, `traceparent` of version 00 (§3.2.2).
public struct TraceContext: Sendable, Hashable {
    public var traceID: (high: UInt64, low: UInt64) { (traceHigh, traceLow) }
    /// The caller's span.
    public let spanID: UInt64
    public let isSampled: Bool
    private let traceHigh: UInt64
    private let traceLow: UInt64

    /// `nil` for what is no such value: then the trace begins anew, as the standard asks.
    public init?(_ text: String) {
        var text = text
        let parsed = text.withUTF8 { TraceContext(UnsafeRawBufferPointer($0)) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// - Parameter bytes: `00-` trace id `-` span id `-` flags, all in lower-case hexadecimal. A later version may go on after a dash.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash, bytes.count == 55 || bytes[55] == dash,
            let version = Self.number(bytes, 0..<2), version != 0xff, version != 0 || bytes.count == 55,
            let high = Self.number(bytes, 3..<19), let low = Self.number(bytes, 19..<35), let span = Self.number(bytes, 36..<52),
            let flags = Self.number(bytes, 53..<55), high | low != 0, span != 0
        else { return nil }
        traceHigh = high
        traceLow = low
        spanID = span
        isSampled = flags & 1 != 0
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for place in range {
            let digit: UInt8
            switch bytes[place] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[place] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[place] - UInt8(ascii: "a") + 10
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}
