/// An instant, as a `google.protobuf.Timestamp`: whole seconds since 1970 in UTC, and nanoseconds within the second.
public struct CELTimestamp: Hashable, Sendable {
    public let seconds: Int64
    /// 0..<1,000,000,000.
    public let nanoseconds: Int32

    /// The range of a timestamp: year 1 to year 9999 (cel-spec langdef: Timestamps).
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Nil outside the years 1 to 9999, or when `nanoseconds` is not within a second.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.secondsRange.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// An instant given in nanoseconds since 1970. Every `Int64` is within range.
    public init(nanosecondsSince1970 nanoseconds: Int64) {
        let (seconds, rest) = floorDivide(nanoseconds, 1_000_000_000)
        self.seconds = seconds
        self.nanoseconds = Int32(rest)
    }

    // Neither sum below can overflow: a timestamp's seconds and a duration's are both far from the ends of `Int64`.

    /// The instant `duration` later, or nil when that is out of range.
    func advanced(by duration: CELDuration) -> CELTimestamp? {
        let (whole, rest) = floorDivide(duration.nanoseconds, 1_000_000_000)
        return Self.carrying(seconds + whole, Int64(nanoseconds) + rest)
    }

    /// The instant `duration` earlier, or nil when that is out of range.
    func receded(by duration: CELDuration) -> CELTimestamp? {
        let (whole, rest) = floorDivide(duration.nanoseconds, 1_000_000_000)
        return Self.carrying(seconds - whole, Int64(nanoseconds) - rest)
    }

    private static func carrying(_ seconds: Int64, _ nanoseconds: Int64) -> CELTimestamp? {
        let (carry, rest) = floorDivide(nanoseconds, 1_000_000_000)
        return CELTimestamp(seconds: seconds + carry, nanoseconds: Int32(rest))
    }

    /// The time from `other` to this, or nil when it does not fit a duration.
    func since(_ other: CELTimestamp) -> CELDuration? {
        let (scaled, overflow) = (seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (total, carry) = scaled.addingReportingOverflow(Int64(nanoseconds) - Int64(other.nanoseconds))
        return carry ? nil : CELDuration(nanoseconds: total)
    }
}

extension CELTimestamp: Comparable {
    public static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// Quotient rounded down, and the remainder in `0..<divisor`. INVARIANT: `divisor` is positive.
func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
