/// Exact decimal numbers as text, so that money never passes through a binary fraction.
public enum Decimal {
    /// The most digits on either side of the point that an exponent may unfold to.
    static let digitLimit = 400

    /// `text` (JSON or YAML core schema notation, exponent allowed) in plain notation: `-0.5e-2` becomes `-0.005`, `2.50` becomes `2.5`.
    /// `nil` if it is not a finite decimal number, or one with more than 400 digits on a side of the point.
    public static func normalise(_ text: String) -> String? {
        var rest = text.utf8[...]
        var negative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            negative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: isDigit)
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty, whole.count <= digitLimit, fraction.count <= digitLimit else { return nil }
        var exponent = 0
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            guard let value = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), (-digitLimit...digitLimit).contains(value) else {
                return nil
            }
            exponent = value
            rest = rest.prefix(0)
        }
        guard rest.isEmpty else { return nil }
        return plain(digits: Array(whole) + Array(fraction), point: whole.count + exponent, negative: negative)
    }

    private static func plain(digits: [UInt8], point: Int, negative: Bool) -> String? {
        let zero = UInt8(ascii: "0")
        var digits = digits
        var point = point
        if point < 0 {
            digits = [UInt8](repeating: zero, count: -point) + digits
            point = 0
        }
        if point > digits.count { digits += [UInt8](repeating: zero, count: point - digits.count) }
        let whole = digits[..<point].drop { $0 == zero }
        var fraction = digits[point...]
        while fraction.last == zero { fraction.removeLast() }
        guard whole.count <= digitLimit, fraction.count <= digitLimit else { return nil }
        if whole.isEmpty, fraction.isEmpty { return "0" }
        let head = (negative ? "-" : "") + (whole.isEmpty ? "0" : String(decoding: whole, as: UTF8.self))
        return fraction.isEmpty ? head : head + "." + String(decoding: fraction, as: UTF8.self)
    }

    /// `text` in units of 10⁻⁹, exactly; `nil` if it is no decimal, has more than nine digits after the point, or is out of range.
    public static func nanoUnits(_ text: String) -> Int64? {
        guard let plain = normalise(text) else { return nil }
        let negative = plain.hasPrefix("-")
        let parts = plain.drop { $0 == "-" }.split(separator: ".")
        guard let whole = Int64(parts[0]) else { return nil }
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard fraction.utf8.count <= 9, let nanos = Int64(fraction + String(repeating: "0", count: 9 - fraction.utf8.count)) else {
            return nil
        }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = scaled.addingReportingOverflow(nanos)
        return overflow || overflow2 ? nil : (negative ? -sum : sum)
    }

    /// The plain decimal notation of a count of 10⁻⁹ units.
    public static func text(nanoUnits: Int64) -> String { text(sumOfNanoUnits: Int128(nanoUnits)) }

    /// The same of a sum that may be larger.
    public static func text(sumOfNanoUnits sum: Int128) -> String {
        let magnitude = sum.magnitude
        let fraction = String(magnitude % 1_000_000_000)
        let padded = String(repeating: "0", count: 9 - fraction.utf8.count) + fraction
        return normalise("\(sum < 0 ? "-" : "")\(magnitude / 1_000_000_000).\(padded)") ?? "0"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
