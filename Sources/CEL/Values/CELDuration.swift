/// A signed length of time in nanoseconds: about 292 years either way.
public struct CELDuration: Hashable, Sendable, Comparable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func < (left: CELDuration, right: CELDuration) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension CELDuration {
    /// `1h30m`, `-1.5s`, `250ms`: decimal numbers, each with a unit of `h`, `m`, `s`, `ms`, `us`, `µs`, `ns`.
    public init?(text: String) {
        var rest = Substring(text).utf8
        var isNegative = false
        if let first = rest.first, first == 45 || first == 43 {
            isNegative = first == 45
            rest = rest.dropFirst()
        }
        if rest.elementsEqual("0".utf8) {
            nanoseconds = 0
            return
        }
        guard !rest.isEmpty else { return nil }
        // The magnitude of the least duration is one more than the greatest's.
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let part = Self.part(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow, sum <= UInt64(Int64.max) + 1 else { return nil }
            total = sum
        }
        guard isNegative || total <= UInt64(Int64.max) else { return nil }
        nanoseconds = isNegative ? Int64(truncatingIfNeeded: 0 &- total) : Int64(total)
    }

    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]

    private static func part(_ rest: inout Substring.UTF8View) -> UInt64? {
        let whole = rest.prefix { (48...57).contains($0) }
        rest = rest.dropFirst(whole.count)
        var decimals = rest.prefix(0)
        if rest.first == 46 {
            rest = rest.dropFirst()
            decimals = rest.prefix { (48...57).contains($0) }
            rest = rest.dropFirst(decimals.count)
        }
        guard !whole.isEmpty || !decimals.isEmpty else { return nil }
        let name = rest.prefix { !(48...57).contains($0) && $0 != 46 }
        rest = rest.dropFirst(name.count)
        guard let unit = units.first(where: { $0.name.utf8.elementsEqual(name) })?.nanoseconds else { return nil }
        var value: UInt64 = 0
        for digit in whole {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= UInt64(Int64.max) else { return nil }
            value = product + UInt64(digit - 48)
        }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var fraction: UInt64 = 0
        var place = unit
        for digit in decimals {
            // Past the last place that the unit can hold, decimals are dropped.
            place /= 10
            if place == 0 { break }
            fraction += UInt64(digit - 48) * place
        }
        let (sum, carry) = scaled.addingReportingOverflow(fraction)
        return carry ? nil : sum
    }

    /// Seconds with as many decimals as are needed: `6347s`, `-1.5s`.
    var text: String {
        let magnitude = nanoseconds.magnitude
        return (nanoseconds < 0 ? "-" : "") + String(magnitude / 1_000_000_000) + decimals(Int64(magnitude % 1_000_000_000)) + "s"
    }
}
