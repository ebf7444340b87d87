/// A metric family with its values at one time, for other formats than Prometheus'.
public struct MetricReading: Sendable {
    public enum Value: Sendable {
        case counter(UInt64)
        case gauge(Double)
        /// Counts of each bucket by itself; the last is of what is above all bounds.
        case histogram(bounds: [Double], counts: [UInt64], sum: Double)
    }

    public enum Kind: Sendable {
        case counter, gauge, histogram
    }

    public struct Point: Sendable {
        public var labels: [(name: String, value: String)]
        public var value: Value
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var points: [Point]
}

extension MetricsRegistry {
    /// All metrics as they are now, ordered by name.
    public var readings: [MetricReading] {
        snapshot.map { family in
            switch family {
            case .counter(let family): family.reading(.counter) { .counter($0.value) }
            case .gauge(let family): family.reading(.gauge) { .gauge($0.value) }
            case .histogram(let family, let bounds):
                family.reading(.histogram) { cell in
                    let cumulative = cell.cumulativeCounts
                    let counts = cumulative.enumerated().map { $1 - ($0 == 0 ? 0 : cumulative[$0 - 1]) }
                    return .histogram(bounds: bounds, counts: counts, sum: cell.sum)
                }
            case .collected(let family):
                MetricReading(
                    name: family.name, help: family.help, kind: .gauge,
                    points: family.read().map { MetricReading.Point(names: family.labelNames, values: $0.labels, .gauge($0.value)) })
            }
        }
    }
}

extension MetricReading.Point {
    fileprivate init(names: [String], values: [String], _ value: MetricReading.Value) {
        self.init(labels: zip(names, values).map { (name: $0, value: $1) }, value: value)
    }
}

extension MetricFamily {
    fileprivate func reading(_ kind: MetricReading.Kind, _ value: (Cell) -> MetricReading.Value) -> MetricReading {
        MetricReading(
            name: name, help: help, kind: kind,
            points: snapshot.map { MetricReading.Point(names: labelNames, values: $0.values, value($0.cell)) })
    }
}
