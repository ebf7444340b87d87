import JSON

/// What a benchmark found, as every `charter bench` prints it. Each metric's name ends in its unit.
public struct BenchmarkReport: Sendable {
    public var bench: String
    /// In the order in which they are shown.
    public var metrics: [(name: String, value: Double)]
    public var parameters: JSONObject

    public init(bench: String, metrics: [(name: String, value: Double)], parameters: JSONObject) {
        self.bench = bench
        self.metrics = metrics
        self.parameters = parameters
    }

    public var json: JSONValue {
        [
            "bench": .string(bench), "machine": Machine.description, "params": .object(parameters),
            "metrics": .object(JSONObject(metrics.map { ($0.name, .double(Self.rounded($0.value))) })),
        ]
    }

    public var text: String {
        metrics.map { "\($0.name)\(String(repeating: " ", count: max(1, 24 - $0.name.count)))\(Self.rounded($0.value))" }
            .joined(separator: "\n")
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
