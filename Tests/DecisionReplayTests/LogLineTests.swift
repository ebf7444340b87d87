import DecisionReplay
import JSON
import PolicyEngine
import Testing

/// Lines of a log: what is read as a record, and what is told of as none.
@Suite struct LogLineTests {
    private typealias Fixture = ReplayFixture

    private static let request = Fixture.request()

    /// Lines that are replayed, each in a form of its own, and whether they say that the request was allowed.
    private static let records: [(line: String, answer: Bool?)] = [
        (#"{"time":"2026-06-01T12:00:00Z","request":\#(request),"decision":{"id":"x","decision":true}}"#, true),
        (
            #" {"decision" : {"reasons":["{\"decision\":true}"],"decision" : false} , "request":\#(request), "time" : "2026-06-01T12:00:00Z"} "#,
            false
        ),
        (#"{"id":"x","at":"2026-06-01T12:00:00.123456Z","allowed":true,"masked":false,"request":\#(request)}"#, true),
        (#"{"time":"2026-06-01T14:00:00+02:00","masked":null,"request":\#(request)}"#, nil),
        // OPA's: the result is whatever its policy gives.
        (#"{"labels":{},"decision_id":"x","input":\#(request),"result":true,"timestamp":"2026-06-01T12:00:00.5Z"}"#, true),
        (#"{"input":\#(request),"result":{"allow":false,"why":"x"},"timestamp":"2026-06-01T12:00:00Z","msg":"Decision Log"}"#, false),
        (#"{"input":\#(request),"result":{"decision":true,"reasons":[]},"timestamp":"2026-06-01T12:00:00Z"}"#, true),
        (#"{"input":\#(request),"result":"true","timestamp":"2026-06-01T12:00:00Z"}"#, nil),
        (#"{"input":\#(request),"timestamp":"2026-06-01T12:00:00Z","erased":[],"masked":[]}"#, nil),
    ]

    @Test(arguments: records.indices) func `records are read in each of their forms`(_ number: Int) throws {
        let given = Self.records[number]
        let engine = try Fixture.engine()
        let report = try Fixture.replay(engine, engine, [given.line])
        #expect(report.replayedCount == 1 && report.stillAllowedCount == 1, "\(report.faults)")
        #expect(report.unlikeRecordedCount == (given.answer == false ? 1 : 0))
        // The base that denies shows whether an answer was read at all.
        let denying = try Fixture.engine(Fixture.policy("none", "name: all, effect: deny"))
        #expect(try Fixture.replay(denying, denying, [given.line]).unlikeRecordedCount == (given.answer == true ? 1 : 0))
    }

    /// Lines that are not replayed, the kind of what is wrong, and what is said of it.
    private static let faults: [(line: String, kind: ImpactReport.Fault.Kind, detail: String)] = [
        ("{", .malformed, "JSON"), ("}", .malformed, "JSON"), ("null", .malformed, "JSON"), ("[]", .malformed, "JSON"),
        ("decision", .malformed, "JSON"), ("\u{0}", .malformed, "JSON"), ("{}", .malformed, "request"), (#"{"a":}"#, .malformed, "JSON"),
        (String(Fixture.line(request).dropLast()), .malformed, "JSON"), (Fixture.line(request) + "x", .malformed, "JSON"),
        (Fixture.line(request) + Fixture.line(request), .malformed, "JSON"),
        (#"{"time":"2026-06-01T12:00:00Z"}"#, .malformed, "request"), (#"{"request":\#(request)}"#, .malformed, "time"),
        (#"{"time":null,"request":\#(request)}"#, .malformed, "time"), (#"{"time":7,"request":\#(request)}"#, .malformed, "RFC 3339"),
        (Fixture.line(request, time: "yesterday"), .malformed, "RFC 3339"), (Fixture.line(request, time: ""), .malformed, "RFC 3339"),
        (Fixture.line(request, time: "2026-02-30T00:00:00Z"), .malformed, "RFC 3339"),
        (Fixture.line(request, time: "9999-01-01T00:00:00Z"), .malformed, "RFC 3339"),
        (Fixture.line(request, more: #","request":{}"#), .malformed, "`request` twice"),
        (Fixture.line(request, more: #","at":"2026-06-01T12:00:00Z""#), .malformed, "twice"),
        (#"{"timestamp":"2026-06-01T12:00:00Z","erased":["/input"]}"#, .malformed, "erased"),
        (Fixture.line("{}"), .undecidable, "`/subject` is missing"), (Fixture.line("7"), .undecidable, "must be an object"),
        (Fixture.line("{nothing}"), .undecidable, "JSON"), (Fixture.line(#"{"a":{"b":[}]}}"#), .malformed, "JSON"),
        (Fixture.line(Fixture.request("")), .undecidable, "must not be empty"),
        (#"{"timestamp":"2026-06-01T12:00:00Z","input":{"user":"ada","path":["x"]},"result":true}"#, .undecidable, "`/subject` is missing"),
    ]

    @Test(arguments: faults.indices) func `a line that cannot be replayed is counted and told of with its number`(_ number: Int) throws {
        let given = Self.faults[number]
        let engine = try Fixture.engine()
        let report = try Fixture.replay(engine, engine, ["", Fixture.line(Self.request), given.line, "  ", Fixture.line(Self.request)])
        #expect(report.replayedCount == 2 && report.lineCount == 3 && report.unreadableCount == 1)
        #expect(report.faultCounts[given.kind] == 1)
        #expect(report.faults.map(\.line) == [3])
        #expect(report.faults.first?.detail.contains(given.detail) == true, "\(report.faults)")
    }

    @Test func `bytes that are changed at random are records or told of, and never more nor fewer`() throws {
        let engine = try Fixture.engine()
        let whole = Array(Fixture.line(Self.request, answer: true).utf8)
        var generator = SystemRandomNumberGenerator()
        var lines: [[UInt8]] = []
        for _ in 0..<3000 {
            var line = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<line.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: line[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: line.remove(at: place)
                default: line.insert(#"{}[]",:\"#.utf8.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            line.removeAll { $0 == 0x0a }
            lines.append(line)
        }
        let report = try Fixture.withLog(Array(lines.joined(separator: [0x0a]))) {
            try DecisionReplay(base: engine, head: engine).run($0, threads: 2)
        }
        #expect(report.lineCount == lines.count && report.replayedCount + report.unreadableCount == lines.count)
        #expect(report.replayedCount > 0 && report.unreadableCount > 0)
        #expect(report.newDenials.count + report.newPermissions.count == 0)
    }
}
