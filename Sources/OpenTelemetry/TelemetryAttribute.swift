/// Something known about what is told (opentelemetry-proto `common.v1.KeyValue`).
public struct TelemetryAttribute: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        case string(String)
        case bool(Bool)
        case int(Int64)
        case strings([String])
    }

    public var name: String
    public var value: Value

    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    public init(_ name: String, _ text: String) { self.init(name, .string(text)) }
}

/// Who tells: a service as a whole (`resource.v1.Resource`), and the part of its program (`common.v1.InstrumentationScope`).
public struct TelemetrySource: Sendable, Equatable {
    /// `service.name` among them.
    public var resource: [TelemetryAttribute]
    public var scope: String
    public var version: String

    public init(resource: [TelemetryAttribute], scope: String, version: String) {
        self.resource = resource
        self.scope = scope
        self.version = version
    }
}

/// The id of a trace: sixteen bytes, in the order of their digits.
public struct TraceID: Sendable, Hashable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
