import CCycleCounter

/// Turns readings of the processor's counter into time.
struct CycleClock {
    private let nanosecondsPerCycle: Double
    /// What reading the counter twice takes, which is in every difference.
    private let empty: Double

    init() {
        let clock = ContinuousClock()
        let start = cycle_counter_read()
        let elapsed = clock.measure { while cycle_counter_read() - start < 100_000_000 {} }
        let cycles = Double(cycle_counter_read() - start)
        nanosecondsPerCycle = (Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) / 1e9) / cycles
        var samples: [UInt64] = []
        for _ in 0..<10_001 {
            let start = cycle_counter_read()
            samples.append(cycle_counter_read() - start)
        }
        samples.sort()
        empty = Double(samples[samples.count / 2])
    }

    /// - Parameter readings: how many times the counter was read within the difference.
    func nanoseconds(_ cycles: UInt64, readings: Int) -> Double {
        max(0, Double(cycles) - empty * Double(readings)) * nanosecondsPerCycle
    }
}

/// Times of which percentiles are taken.
struct Samples {
    private var values: [Double] = []

    init(capacity: Int) { values.reserveCapacity(capacity) }

    mutating func append(_ value: Double) { values.append(value) }

    mutating func sort() { values.sort() }

    /// The value below which that share of all lies.
    func at(_ share: Double) -> Double {
        values.isEmpty ? 0 : values[min(values.count - 1, Int(Double(values.count) * share))]
    }
}
