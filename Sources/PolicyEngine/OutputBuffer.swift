/// Bytes being written, in memory that is kept.
public final class OutputBuffer {
    // INVARIANT: `count` bytes of `bytes` are written, and `capacity` may be; reached by pointer as in `DecisionSession`.
    private var bytes: UnsafeMutablePointer<UInt8> = .allocate(capacity: 4_096)
    private var capacity = 4_096
    private(set) var count = 0

    init() {}

    deinit { bytes.deallocate() }

    func reset() { count = 0 }

    var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

    @inline(__always)
    private func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    @inline(never)
    private func grow(_ more: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: (count + more) * 2)
        larger.initialize(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
        capacity = (count + more) * 2
    }

    func write(_ text: StaticString) {
        reserve(text.utf8CodeUnitCount)
        (bytes + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    func write(_ text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    func write(_ text: UnsafeRawBufferPointer) {
        guard let start = text.baseAddress else { return }
        reserve(text.count)
        (bytes + count).update(from: start.assumingMemoryBound(to: UInt8.self), count: text.count)
        count += text.count
    }

    func write(_ number: Int64) {
        reserve(20)
        var magnitude = number.magnitude
        var length = 1
        var rest = magnitude / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        if number < 0 {
            bytes[count] = UInt8(ascii: "-")
            count += 1
        }
        for place in stride(from: length - 1, through: 0, by: -1) {
            bytes[count + place] = UInt8(ascii: "0") + UInt8(magnitude % 10)
            magnitude /= 10
        }
        count += length
    }

    /// What goes between the quotes of a JSON string.
    func writeEscaped(_ text: UnsafeRawBufferPointer) {
        reserve(text.count * 6)
        for byte in text {
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                bytes[count] = byte
                count += 1
            } else {
                writeEscape(byte)
            }
        }
    }

    func writeEscaped(_ text: String) {
        var text = text
        text.withUTF8 { writeEscaped(UnsafeRawBufferPointer($0)) }
    }

    private func writeEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): write("\\\"")
        case UInt8(ascii: "\\"): write("\\\\")
        case 0x08: write("\\b")
        case 0x0c: write("\\f")
        case 0x0a: write("\\n")
        case 0x0d: write("\\r")
        case 0x09: write("\\t")
        default:
            write("\\u00")
            for digit in [byte >> 4, byte & 15] {
                bytes[count] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                count += 1
            }
        }
    }
}
