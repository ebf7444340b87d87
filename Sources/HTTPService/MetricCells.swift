import Synchronization

/// A count that only rises. Incrementing is one atomic addition.
public final class Counter: Sendable {
    private let cell = Atomic<UInt64>(0)

    init() {}

    /// Adds `amount`.
    public func increment(by amount: UInt64 = 1) {
        cell.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The present count.
    public var value: UInt64 { cell.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)
    private let read: (@Sendable () -> Double)?

    init(read: (@Sendable () -> Double)? = nil) {
        self.read = read
    }

    /// Replaces the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds `amount`, which may be negative.
    public func add(_ amount: Double) {
        bits.addDouble(amount)
    }

    /// The present value; of a gauge registered with a closure, what the closure says now.
    public var value: Double { read?() ?? Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A distribution over fixed buckets. Observing is two atomic operations, without a lock.
public final class Histogram: Sendable {
    /// Upper bounds, rising, without the implied `+Inf`.
    let bounds: [Double]
    private let buckets: [Counter]
    private let sumBits = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        self.bounds = bounds
        self.buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts `value`, in the metric's base unit (seconds, bytes). A NaN is ignored: it would spoil the sum for good.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        buckets[index].increment()
        sumBits.addDouble(value)
    }

    /// Counts per bucket, each including the buckets below it; the last is the count of all observations.
    var cumulativeCounts: [UInt64] {
        var total: UInt64 = 0
        return buckets.map {
            total &+= $0.value
            return total
        }
    }

    var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }
}

extension Atomic where Value == UInt64 {
    /// Adds to a `Double` kept as its bit pattern.
    fileprivate borrowing func addDouble(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
