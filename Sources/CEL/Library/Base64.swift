/// Base64 with the standard alphabet (RFC 4648 §4).
enum Base64 {
    static func apply(_ function: CELFunction, _ value: CELValue, _ meter: inout Meter) -> CELValue {
        guard meter.charge(text: value.textSize) else { return .budgetExceeded }
        switch (function, value) {
        case (.base64Encode, .bytes(let bytes)): return .string(encode(bytes))
        case (.base64Decode, .string(let text)):
            return decode(Array(text.utf8)).map { .bytes($0) } ?? .failure(.conversion, "not base64")
        default: return .noOverload(function.name, value)
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                result.append(position <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Nil for what is not base64. Padding may be left out, but not be wrong.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.count - digits.count
        guard text[digits.endIndex...].allSatisfy({ $0 == UInt8(ascii: "=") }), digits.count % 4 != 1,
            padding == 0 || (padding == (4 - digits.count % 4) % 4)
        else { return nil }
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case 65...90: UInt32(digit) - 65
        case 97...122: UInt32(digit) - 71
        case 48...57: UInt32(digit) + 4
        case 43: 62
        case 47: 63
        default: nil
        }
    }
}
