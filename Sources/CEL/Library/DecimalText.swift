import Glibc

/// Decimal notations of doubles.
enum DecimalText {
    /// `[-]dddd.dddddd`, rounded to the nearest, ties to even of the exact value.
    static func fixed(_ number: Double, _ precision: Int) -> String { special(number) ?? print("%.*f", number, precision) }

    /// `[-]d.dddddde±dd`
    static func scientific(_ number: Double, _ precision: Int) -> String { special(number) ?? print("%.*e", number, precision) }

    /// The shortest digits that read back as the number, never with an exponent.
    static func plain(_ number: Double) -> String {
        let text = number.celText
        guard number.isFinite, let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }),
            let exponent = Int(text[text.index(after: mark)...])
        else { return text }
        let sign = number < 0 ? "-" : ""
        var digits = text[..<mark].filter { $0.isNumber }
        // One digit comes before the point in this notation.
        let whole = 1 + exponent
        if whole <= 0 { return sign + "0." + String(repeating: "0", count: -whole) + digits }
        digits += String(repeating: "0", count: max(0, whole - digits.count))
        let decimals = digits.dropFirst(whole)
        return sign + digits.prefix(whole) + (decimals.isEmpty ? "" : "." + decimals)
    }

    private static func special(_ number: Double) -> String? { number.isFinite ? nil : number.celText }

    private static func print(_ format: String, _ number: Double, _ precision: Int) -> String {
        // The greatest double has 309 digits before the point.
        var buffer = [CChar](repeating: 0, count: 320 + precision)
        let length = withVaList([Int32(precision), number]) { vsnprintf(&buffer, buffer.count, format, $0) }
        return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
