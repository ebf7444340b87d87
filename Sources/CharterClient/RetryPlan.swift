import NIOCore

/// When a call is made again.
///
/// A decision changes nothing that another one depends on, so that asking again is safe; it is recorded a second time if the first was made all the same.
struct RetryPlan {
    /// After the first attempt.
    var most: Int
    private(set) var made = 0
    private static let firstPause: Int64 = 50_000_000
    private static let longestPause: Int64 = 2_000_000_000

    init(most: Int) { self.most = max(0, most) }

    /// The pause before the next attempt; `nil` if there is none, because there were enough or time is over before.
    mutating func pause(atLeast seconds: Int64? = nil, by deadline: NIODeadline) -> Duration? {
        guard made < most else { return nil }
        let step = min(Self.longestPause, Self.firstPause << Int64(min(made, 10)))
        made += 1
        // Spread out, so that clients that failed at the same moment do not come back at the same moment.
        var pause = Int64.random(in: step / 2...step)
        // What a server says that would take the day is no pause.
        if let seconds { pause += min(seconds, 86_400) * 1_000_000_000 }
        return NIODeadline.now() + .nanoseconds(pause) < deadline ? .nanoseconds(pause) : nil
    }
}
