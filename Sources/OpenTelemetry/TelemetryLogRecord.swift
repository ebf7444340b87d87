/// Something that happened (`logs.v1.LogRecord`).
public struct TelemetryLogRecord: Sendable {
    public enum Severity: Int, Sendable {
        case info = 9
        case warn = 13

        var text: String { self == .info ? "INFO" : "WARN" }
    }

    /// Nanoseconds since 1970.
    public var time: Int64
    public var observedTime: Int64
    public var severity: Severity
    /// What kind of event it is.
    public var eventName: String
    public var body: String
    public var attributes: [TelemetryAttribute] = []
    /// The span in which it happened.
    public var span: (trace: TraceID, id: UInt64, isSampled: Bool)?

    public init(time: Int64, observedTime: Int64, severity: Severity, eventName: String, body: String) {
        self.time = time
        self.observedTime = observedTime
        self.severity = severity
        self.eventName = eventName
        self.body = body
    }

    /// The body of a `POST /v1/logs`.
    public static func export(_ records: some Sequence<TelemetryLogRecord>, of source: TelemetrySource) -> [UInt8] {
        OTLPWriter.export(source, resources: "resourceLogs", scopes: "scopeLogs", items: "logRecords") { writer in
            writer.list(records) { $1.write(to: &$0) }
        }
    }

    private func write(to writer: inout OTLPWriter) {
        writer.append("{\"timeUnixNano\":")
        writer.append(quoted: time)
        writer.append(",\"observedTimeUnixNano\":")
        writer.append(quoted: observedTime)
        writer.append(",\"severityNumber\":")
        writer.append(plain: severity.rawValue)
        writer.append(",\"severityText\":")
        writer.append(quoted: severity.text)
        writer.append(",\"eventName\":")
        writer.append(quoted: eventName)
        writer.append(",\"body\":{\"stringValue\":")
        writer.append(quoted: body)
        writer.append("},\"attributes\":")
        writer.append(attributes)
        if let span {
            writer.append(",\"traceId\":")
            writer.append(span.trace)
            writer.append(",\"spanId\":")
            writer.append(spanID: span.id)
            writer.append(",\"flags\":")
            writer.append(plain: span.isSampled ? 1 : 0)
        }
        writer.append("}")
    }
}
