/// A metric with its points at one time (`metrics.v1.Metric`). What is counted is counted since a start, not since the last time that it was told.
public struct TelemetryMetric: Sendable {
    public enum Value: Sendable {
        case sum(UInt64)
        case gauge(Double)
        /// Counts of each bucket, one more than the bounds.
        case histogram(bounds: [Double], counts: [UInt64], sum: Double)
    }

    public struct Point: Sendable {
        public var attributes: [TelemetryAttribute]
        public var value: Value

        public init(attributes: [TelemetryAttribute], value: Value) {
            self.attributes = attributes
            self.value = value
        }
    }

    public enum Kind: Sendable {
        case sum, gauge, histogram
    }

    public var name: String
    public var description: String
    /// As UCUM has it: `s`, `By`.
    public var unit: String
    public var kind: Kind
    /// Those of another kind than the metric's are left out.
    public var points: [Point]

    public init(name: String, description: String, unit: String, kind: Kind, points: [Point]) {
        self.name = name
        self.description = description
        self.unit = unit
        self.kind = kind
        self.points = points
    }

    /// The body of a `POST /v1/metrics`.
    ///
    /// - Parameters:
    ///   - start: nanoseconds since 1970 since when is counted.
    ///   - time: when the points were read.
    public static func export(
        _ metrics: some Sequence<TelemetryMetric>, of source: TelemetrySource, start: Int64, time: Int64
    ) -> [UInt8] {
        OTLPWriter.export(source, resources: "resourceMetrics", scopes: "scopeMetrics", items: "metrics") { writer in
            writer.list(metrics) { $1.write(to: &$0, start, time) }
        }
    }

    private func write(to writer: inout OTLPWriter, _ start: Int64, _ time: Int64) {
        writer.append("{\"name\":")
        writer.append(quoted: name)
        writer.append(",\"description\":")
        writer.append(quoted: description)
        writer.append(",\"unit\":")
        writer.append(quoted: unit)
        // AGGREGATION_TEMPORALITY_CUMULATIVE is 2.
        switch kind {
        case .sum: writer.append(",\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":true,\"dataPoints\":")
        case .gauge: writer.append(",\"gauge\":{\"dataPoints\":")
        case .histogram: writer.append(",\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":")
        }
        writer.list(points.filter { $0.value.kind == kind }) { writer, point in
            writer.append("{\"attributes\":")
            writer.append(point.attributes)
            if kind != .gauge {
                writer.append(",\"startTimeUnixNano\":")
                writer.append(quoted: start)
            }
            writer.append(",\"timeUnixNano\":")
            writer.append(quoted: time)
            point.value.write(to: &writer)
            writer.append("}")
        }
        writer.append("}}")
    }
}

extension TelemetryMetric.Value {
    fileprivate var kind: TelemetryMetric.Kind {
        switch self {
        case .sum: .sum
        case .gauge: .gauge
        case .histogram: .histogram
        }
    }

    fileprivate func write(to writer: inout OTLPWriter) {
        switch self {
        case .sum(let count):
            writer.append(",\"asInt\":")
            // The wire's integer has a sign.
            writer.append(quoted: Int64(clamping: count))
        case .gauge(let number):
            writer.append(",\"asDouble\":")
            writer.append(number)
        case .histogram(let bounds, let counts, let sum):
            writer.append(",\"count\":")
            writer.append(quoted: counts.reduce(0, &+))
            writer.append(",\"sum\":")
            writer.append(sum)
            writer.append(",\"bucketCounts\":")
            writer.list(counts) { $0.append(quoted: $1) }
            writer.append(",\"explicitBounds\":")
            writer.list(bounds) { $0.append($1) }
        }
    }
}
