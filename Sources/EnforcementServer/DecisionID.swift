/// Ids of decisions: UUID version 7 (RFC 9562 §5.7), so that they sort by time.
public enum DecisionID {
    /// - Parameter now: nanoseconds since 1970.
    public static func make(now: Int64) -> String {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(max(0, now / 1_000_000)) & 0xffff_ffff_ffff
        let high = milliseconds << 16 | 0x7000 | UInt64.random(in: 0...0xfff, using: &generator)
        let low = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3fff_ffff_ffff_ffff, using: &generator)
        let digits = hex(high) + hex(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
