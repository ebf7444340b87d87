/// The time that a server took for something that it was asked (`trace.v1.Span` of kind `SERVER`).
public struct TelemetrySpan: Sendable {
    public var trace: TraceID
    public var id: UInt64
    /// The caller's span; `nil` for the first one of a trace.
    public var parent: UInt64?
    public var name: String
    /// Nanoseconds since 1970.
    public var start: Int64
    public var end: Int64
    public var attributes: [TelemetryAttribute] = []

    private static let serverKind = 2
    /// `SpanFlags`: W3C's flag that it is sampled, that it is known whether the parent is of another process, and that it is.
    private static let flags = (sampled: 0x001, knowsRemote: 0x100, isRemote: 0x200)

    public init(trace: TraceID, id: UInt64, parent: UInt64?, name: String, start: Int64, end: Int64) {
        self.trace = trace
        self.id = id
        self.parent = parent
        self.name = name
        self.start = start
        self.end = end
    }

    /// The body of a `POST /v1/traces`.
    public static func export(_ spans: some Sequence<TelemetrySpan>, of source: TelemetrySource) -> [UInt8] {
        OTLPWriter.export(source, resources: "resourceSpans", scopes: "scopeSpans", items: "spans") { writer in
            writer.list(spans) { $1.write(to: &$0) }
        }
    }

    private func write(to writer: inout OTLPWriter) {
        writer.append("{\"traceId\":")
        writer.append(trace)
        writer.append(",\"spanId\":")
        writer.append(spanID: id)
        if let parent {
            writer.append(",\"parentSpanId\":")
            writer.append(spanID: parent)
        }
        writer.append(",\"flags\":")
        writer.append(plain: Self.flags.sampled | Self.flags.knowsRemote | (parent == nil ? 0 : Self.flags.isRemote))
        writer.append(",\"name\":")
        writer.append(quoted: name)
        writer.append(",\"kind\":")
        writer.append(plain: Self.serverKind)
        writer.append(",\"startTimeUnixNano\":")
        writer.append(quoted: start)
        writer.append(",\"endTimeUnixNano\":")
        writer.append(quoted: end)
        writer.append(",\"attributes\":")
        writer.append(attributes)
        writer.append("}")
    }
}
