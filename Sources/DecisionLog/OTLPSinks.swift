import Downloads
import Glibc
import OpenTelemetry
import Uploads

/// Decisions as log records to an OpenTelemetry receiver (OTLP/HTTP, JSON).
public enum OTLPLogSink {
    public static let name = "otlp-logs"

    /// - Parameters:
    ///   - endpoint: what is behind it is `/v1/logs`.
    ///   - tracing: which decisions become spans; `nil` where none does.
    public static func make(
        _ endpoint: WebAddress, headers: [Uploader.Header], source: TelemetrySource, tracing: TraceSampling?,
        interval: Duration = .milliseconds(500)
    ) throws(WebAddress.Invalid) -> UploadSink {
        UploadSink(
            name: name, Uploader(try endpoint.appending(path: "/v1/logs"), headers: headers),
            OTLPLogFormat(source: source, tracing: tracing), interval: interval)
    }
}

/// Decisions as spans to an OpenTelemetry receiver (OTLP/HTTP, JSON).
public enum OTLPSpanSink {
    public static let name = "otlp-traces"

    /// - Parameter endpoint: what is behind it is `/v1/traces`.
    public static func make(
        _ endpoint: WebAddress, headers: [Uploader.Header], source: TelemetrySource, tracing: TraceSampling,
        interval: Duration = .milliseconds(500)
    ) throws(WebAddress.Invalid) -> UploadSink {
        UploadSink(
            name: name, Uploader(try endpoint.appending(path: "/v1/traces"), headers: headers),
            OTLPSpanFormat(source: source, tracing: tracing), interval: interval)
    }
}

struct OTLPLogFormat: UploadFormat {
    let source: TelemetrySource
    let tracing: TraceSampling?

    func body(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) -> [UInt8]? {
        let now = Self.now()
        return TelemetryLogRecord.export(records.lazy.map { logRecord($0, stream, now) }, of: source)
    }

    func rejected(_ answer: [UInt8]) -> (count: UInt64, reason: String)? {
        let answer = ExportAnswer(answer, "rejectedLogRecords")
        return (answer.rejected, answer.message)
    }

    private func logRecord(_ item: UploadRecord, _ stream: DecisionStream, _ now: Int64) -> TelemetryLogRecord {
        let record = item.record
        let what = "\(record.string(.action)) on \(record.string(.resourceType)) \(record.string(.resourceID))"
        let who = "\(record.string(.subjectType)) \(record.string(.subjectID))"
        var log = TelemetryLogRecord(
            time: record.at, observedTime: now, severity: record.isAllowed ? .info : .warn, eventName: "charter.decision",
            body: "\(record.isAllowed ? "allowed" : "denied"): \(who), \(what)")
        log.attributes = DecisionAttributes.common(record)
        log.attributes += [
            .init("charter.stream.id", stream.description), .init("charter.stream.sequence", .int(Int64(clamping: item.sequence))),
            .init("charter.request", record.string(.request)), .init("charter.decision", record.string(.decision)),
        ]
        if record.isMasked { log.attributes.append(.init("charter.masked", .bool(true))) }
        if let tracing, !item.isForeign, tracing.takes(record) {
            log.span = (record.trace, record.ownSpan, true)
        } else if record.hasTrace {
            log.span = (record.trace, record.spanID, record.isTraceSampled)
        }
        return log
    }

    /// Nanoseconds since 1970.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

struct OTLPSpanFormat: UploadFormat {
    let source: TelemetrySource
    let tracing: TraceSampling

    func body(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) -> [UInt8]? {
        let taken = records.filter { !$0.isForeign && tracing.takes($0.record) }
        return taken.isEmpty ? nil : TelemetrySpan.export(taken.lazy.map { Self.span($0.record) }, of: source)
    }

    func rejected(_ answer: [UInt8]) -> (count: UInt64, reason: String)? {
        let answer = ExportAnswer(answer, "rejectedSpans")
        return (answer.rejected, answer.message)
    }

    private static func span(_ record: DecisionRecord) -> TelemetrySpan {
        let (end, overflows) = record.at.addingReportingOverflow(Int64(record.nanoseconds))
        var span = TelemetrySpan(
            trace: record.trace, id: record.ownSpan, parent: record.hasTrace ? record.spanID : nil, name: "charter.decide",
            start: record.at,
            end: overflows ? record.at : end)
        span.attributes = DecisionAttributes.common(record)
        return span
    }
}

/// What is told of a decision to OpenTelemetry. Names are those of its semantic conventions where it has any.
private enum DecisionAttributes {
    static func common(_ record: DecisionRecord) -> [TelemetryAttribute] {
        var attributes: [TelemetryAttribute] = [
            .init("charter.decision.id", UUIDText.make(record.id.high, record.id.low)),
            .init("charter.decision.allowed", .bool(record.isAllowed)),
            .init("charter.decision.nanoseconds", .int(Int64(record.nanoseconds))),
            .init("charter.subject.type", record.string(.subjectType)), .init("charter.subject.id", record.string(.subjectID)),
            .init("charter.action", record.string(.action)),
            .init("charter.resource.type", record.string(.resourceType)), .init("charter.resource.id", record.string(.resourceID)),
            .init("charter.caller", record.string(.caller)), .init("url.path", record.string(.path)),
        ]
        var policies: [String] = []
        if !record[.hits].isEmpty { for hit in record.hits where !policies.contains(hit.policy) { policies.append(hit.policy) } }
        if !policies.isEmpty { attributes.append(.init("charter.policies", .strings(policies))) }
        if !record[.remote].isEmpty { attributes.append(.init("client.address", record.string(.remote))) }
        if !record[.requestID].isEmpty {
            attributes.append(.init("http.request.header.x-request-id", .strings([record.string(.requestID)])))
        }
        return attributes
    }
}
