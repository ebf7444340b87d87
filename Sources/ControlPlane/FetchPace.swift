import GovernanceModel

/// How often a repository is fetched from: at the interval, and at once when somebody says that there is news, but not in a storm of such
/// messages over and over.
struct FetchPace {
    /// Seconds between two looks, on average.
    let interval: Double
    /// Seconds between two fetches at least.
    private static let least = 1.0
    /// Seconds after which what has failed is tried again, however long the interval is.
    private static let retry = 30.0

    private var last: ContinuousClock.Instant?
    private var isDue = false

    init(interval: Double) { self.interval = interval }

    private var spacing: Duration { .seconds(min(Self.least, interval / 2)) }

    /// Begins a look.
    ///
    /// - Returns: whether it is to fetch; if it was fetched a moment ago, the next look is to.
    mutating func begin() -> Bool {
        let now = ContinuousClock.now
        isDue = last.map { now - $0 < spacing } ?? false
        if !isDue { last = now }
        return !isDue
    }

    /// Nanoseconds until the next look, if nobody asks for it before.
    func pause(isGood: Bool) -> Int64 {
        if isDue, let last { return max(0, (last + spacing - .now).nanoseconds) }
        let seconds = isGood ? interval : min(interval, Self.retry)
        // Up to a tenth more or less, so that many that began together do not go on together.
        return Int64(seconds * Double.random(in: 0.9...1.1) * 1e9)
    }
}
