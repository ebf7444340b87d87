import JSON

/// How many of the records replayed may be something: a number of them, or a share.
public enum RecordLimit: Sendable, Equatable {
    case count(Int)
    /// In 10⁻⁹ of a percent.
    case percent(nanoUnits: Int64)

    /// - Parameter text: `20`, or `0.5%`.
    public init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let share = Decimal.nanoUnits(String(text.dropLast())), (0...100_000_000_000).contains(share) else { return nil }
            self = .percent(nanoUnits: share)
        } else {
            guard let count = Int(text), count >= 0 else { return nil }
            self = .count(count)
        }
    }

    /// Whether `count` of `all` is not too many. Exact.
    public func allows(_ count: Int, of all: Int) -> Bool {
        switch self {
        case .count(let most): count <= most
        case .percent(let most): Int128(count) * 100 * 1_000_000_000 <= Int128(most) * Int128(all)
        }
    }

    public var text: String {
        switch self {
        case .count(let most): "\(most)"
        case .percent(let most): Decimal.text(nanoUnits: most) + "%"
        }
    }
}
