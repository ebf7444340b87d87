import Synchronization

/// How many requests a caller may send: a bucket of tokens for each, refilled steadily.
public final class RateLimiter: Sendable {
    /// So many requests a second on average, and so many at once.
    public struct Limit: Sendable, Hashable {
        public var perSecond: Double
        public var burst: Int

        /// `nil` for what is no limit: it must let something through.
        public init?(perSecond: Double, burst: Int? = nil) {
            guard perSecond.isFinite, perSecond > 0, perSecond <= 1e9 else { return nil }
            let burst = burst ?? max(1, Int(perSecond.rounded(.up)))
            guard burst >= 1 else { return nil }
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    private struct Bucket {
        var tokens: Double
        var filledAt: Int64
    }

    public let limit: Limit
    /// Callers are subjects of the bundle, so that there are not endlessly many; full buckets are forgotten all the same.
    private let buckets = Mutex<[String: Bucket]>([:])
    private static let mostBuckets = 100_000

    public init(_ limit: Limit) { self.limit = limit }

    /// Takes a token.
    ///
    /// - Parameter now: nanoseconds of a clock that nobody sets.
    /// - Returns: `nil` if there was one; else the nanoseconds until there is one.
    public func take(_ caller: String, now: Int64) -> Int64? {
        buckets.withLock { buckets in
            if buckets.count >= Self.mostBuckets { buckets = buckets.filter { filled($0.value, now).tokens < Double(limit.burst) } }
            var bucket = buckets[caller].map { filled($0, now) } ?? Bucket(tokens: Double(limit.burst), filledAt: now)
            let isEmpty = bucket.tokens < 1
            if !isEmpty { bucket.tokens -= 1 }
            buckets[caller] = bucket
            return isEmpty ? Int64(((1 - bucket.tokens) / limit.perSecond * 1e9).rounded(.up)) : nil
        }
    }

    private func filled(_ bucket: Bucket, _ now: Int64) -> Bucket {
        let seconds = Double(max(0, now - bucket.filledAt)) / 1e9
        return Bucket(tokens: min(Double(limit.burst), bucket.tokens + seconds * limit.perSecond), filledAt: max(now, bucket.filledAt))
    }
}
