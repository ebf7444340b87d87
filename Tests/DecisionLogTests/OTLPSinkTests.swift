import DecisionLog
import Downloads
import Foundation
import JSON
import OpenTelemetry
import TestSupport
import Testing

/// Decisions to an OpenTelemetry receiver. Whether the bodies are what the standard asks for is checked with its own messages in `TelemetryTests`.
@Suite struct OTLPSinkTests {
    private static let source = TelemetrySource(resource: [.init("service.name", "test")], scope: "charter", version: "1")

    /// Calls `body` with a log that is brought to the receiver, as log records and as spans, once all is there.
    private static func export(
        sampling: Double = 1, answer: @escaping @Sendable (UploadReceiver.Upload) -> UploadReceiver.Answer = { _ in .init(200) },
        append: (DecisionLog) -> Void, _ body: (UploadReceiver, DecisionLog) throws -> Void
    ) throws {
        let receiver = try UploadReceiver(answer)
        defer { receiver.stop() }
        try TemporaryFolder.with { folder in
            let log = try DecisionLog(.init(directory: folder + "/spool"), sinks: [OTLPLogSink.name, OTLPSpanSink.name])
            defer { log.stop(within: 1) }
            append(log)
            let tracing = TraceSampling(share: sampling)
            let endpoint = try WebAddress(receiver.url)
            log.start([
                try OTLPLogSink.make(endpoint, headers: [], source: source, tracing: tracing),
                try OTLPSpanSink.make(endpoint, headers: [], source: source, tracing: tracing),
            ])
            #expect(eventually { log.status.allSatisfy { $0.backlog == 0 } })
            try body(receiver, log)
        }
    }

    private static func spans(_ receiver: UploadReceiver) throws -> [JSONValue] {
        try receiver.taken("/v1/traces").flatMap { upload in
            try upload.json["resourceSpans"]?.arrayValue?.first?["scopeSpans"]?.arrayValue?.first?["spans"]?.arrayValue ?? []
        }
    }

    private static func records(_ receiver: UploadReceiver) throws -> [JSONValue] {
        try receiver.taken("/v1/logs").flatMap { upload in
            try upload.json["resourceLogs"]?.arrayValue?.first?["scopeLogs"]?.arrayValue?.first?["logRecords"]?.arrayValue ?? []
        }
    }

    private static func foreign(_ number: UInt64, trace: Bool = false) -> ForeignDecision {
        var decision = ForeignDecision(at: 1_790_000_000_000_000_000, id: (number, number), isAllowed: true)
        decision.request = Array("{}".utf8)
        decision.decision = Array("{}".utf8)
        if trace { (decision.traceID, decision.spanID) = ((5, 6), 7) }
        return decision
    }

    @Test func `a caller decides by its own trace whether there is a span, and it is the span's parent`() throws {
        try Self.export(sampling: 1) { log in
            LogFixture.append(.init(number: 1, isTraceSampled: true), to: log)
            LogFixture.append(.init(number: 2, isTraceSampled: false), to: log)
            log.append(Self.foreign(3))
        } _: { receiver, log in
            let spans = try Self.spans(receiver)
            #expect(spans.count == 1)
            #expect(spans.first?["traceId"]?.stringValue == "00000000000000010000000000000002")
            #expect(spans.first?["parentSpanId"]?.stringValue == "0000000000000003")
            #expect(spans.first?["flags"]?.intValue == 0x301)
            let records = try Self.records(receiver)
            #expect(records.count == 3)
            #expect(records[0]["spanId"]?.stringValue == spans.first?["spanId"]?.stringValue)
            // Without a span of its own it belongs to the caller's.
            #expect(records[1]["spanId"]?.stringValue == "0000000000000003")
            #expect(records[1]["flags"]?.intValue == 0)
            #expect(records[2]["traceId"] == nil)
            #expect(log.status.allSatisfy { $0.lost == 0 })
        }
    }

    @Test func `without a caller's trace a share of decisions becomes spans, each of a trace of its own`() throws {
        for (share, range) in [(0.0, 0...0), (0.5, 400...600), (1.0, 1_000...1_000)] {
            try Self.export(sampling: share) { log in
                var generator = SeededGenerator(seed: 7)
                for number in 0..<1_000 {
                    let id = (UInt64.random(in: 1...UInt64.max, using: &generator), UInt64.random(in: 1...UInt64.max, using: &generator))
                    LogFixture.append(.init(number: number, id: id, hasTrace: false), to: log)
                }
            } _: { receiver, _ in
                let spans = try Self.spans(receiver)
                #expect(range.contains(spans.count))
                #expect(Set(spans.compactMap { $0["traceId"]?.stringValue }).count == spans.count)
                #expect(Set(spans.compactMap { $0["spanId"]?.stringValue }).count == spans.count)
                #expect(spans.allSatisfy { $0["parentSpanId"] == nil })
            }
        }
    }

    @Test func `what a receiver rejects of what it takes is lost and counted`() throws {
        try Self.export(
            answer: { upload in
                .init(200, body: #"{"partialSuccess":{"rejectedLogRecords":"3","rejectedSpans":"2","errorMessage":"too old"}}"#)
            },
            append: { log in for number in 0..<10 { LogFixture.append(.init(number: number, isTraceSampled: true), to: log) } },
            { _, log in
                let lost = Dictionary(uniqueKeysWithValues: log.status.map { ($0.name, $0.lost) })
                #expect(lost == [OTLPLogSink.name: 3, OTLPSpanSink.name: 2])
                #expect(log.status.allSatisfy { $0.refusal?.contains("too old") == true })
            })
    }
}
