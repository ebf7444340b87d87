/// A `numeric` in its binary form: digits to the base 10,000.
struct PostgresNumeric: Equatable {
    var isNegative = false
    /// The most significant first, without zeros at either end.
    var digits: [Int16] = []
    /// The power of 10,000 that the first digit counts.
    var weight: Int16 = 0
    /// How many decimal digits follow the point.
    var scale: UInt16 = 0

    /// Reads `[+-]digits[.digits]`; `nil` for anything else, and for more digits than `numeric` holds (131,072 before the point, 16,383
    /// after it).
    init?(decimal text: String) {
        var bytes = Array(text.utf8)[...]
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        let whole = bytes.prefix { $0 != UInt8(ascii: ".") }
        let fraction = bytes[whole.endIndex...].dropFirst()
        let hasPoint = whole.endIndex != bytes.endIndex
        guard !whole.isEmpty || !fraction.isEmpty, !hasPoint || !fraction.isEmpty else { return nil }
        guard whole.count <= 131_072, fraction.count <= 16_383, (whole + fraction).allSatisfy(Self.isDigit) else { return nil }

        scale = UInt16(fraction.count)
        func zeros(_ count: Int) -> [UInt8] { Array(repeating: Self.zero, count: count) }
        // Groups of four are counted from the point, so both sides are filled up with zeros at their outer end.
        let wholePadding = (4 - whole.count % 4) % 4
        let fractionPadding = (4 - fraction.count % 4) % 4
        let padded = zeros(wholePadding) + whole + fraction + zeros(fractionPadding)
        for start in stride(from: 0, to: padded.count, by: 4) {
            digits.append(padded[start..<start + 4].reduce(0) { $0 * 10 + Int16($1 - Self.zero) })
        }
        var power = (whole.count + wholePadding) / 4 - 1
        let leadingZeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leadingZeros)
        power -= leadingZeros
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty {
            isNegative = false
            power = 0
        }
        weight = Int16(power)
    }

    private static let zero = UInt8(ascii: "0")

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
