/// A `numeric` in its binary form as decimal text.
public enum PostgresNumericText {
    /// Without zeros at the end of the fraction; nil for what is damaged.
    public static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        func word(_ number: Int) -> UInt16 { UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: number * 2, as: UInt16.self)) }
        guard bytes.count >= 8, bytes.count == 8 + Int(word(0)) * 2 else { return nil }
        switch word(2) {
        case 0, 0x4000: break
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: return nil
        }
        let digits = (0..<Int(word(0))).map { Int(word(4 + $0)) }
        let weight = Int(Int16(bitPattern: word(1)))
        func group(_ power: Int) -> String {
            let place = weight - power
            let digit = digits.indices.contains(place) ? digits[place] : 0
            let text = String(digit)
            return String(repeating: "0", count: max(0, 4 - text.count)) + text
        }
        let whole = weight < 0 ? "" : (0...weight).reversed().map(group).joined()
        let last = weight - digits.count + 1
        let fraction = last < 0 ? (last...(-1)).reversed().map(group).joined() : ""
        let integer = whole.drop { $0 == "0" }
        let trimmed = fraction.reversed().drop { $0 == "0" }.reversed()
        let text = (integer.isEmpty ? "0" : String(integer)) + (trimmed.isEmpty ? "" : "." + String(trimmed))
        return word(2) == 0x4000 && text != "0" ? "-" + text : text
    }
}
