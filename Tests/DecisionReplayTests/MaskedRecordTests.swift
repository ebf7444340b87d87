import DecisionReplay
import Testing

/// Records of which a mask has taken something: replayed where that decides nothing, and told of where it may.
@Suite struct MaskedRecordTests {
    private typealias Fixture = ReplayFixture

    /// What is masked of the request, as it stands in the log, and the part that is told of; nil if it is replayed.
    private static let masked: [(request: String, part: String?)] = [
        (Fixture.request(context: #","prompt":"***""#), nil),
        (Fixture.request(context: #","messages":[{"text":"***"},{"text":"***"}]"#), nil),
        (Fixture.request(context: #","purpose":"***""#), "/context/purpose"),
        (Fixture.request(context: #","prompt":"***","purpose":"***""#), "/context/purpose"),
        (Fixture.request("***"), "/subject/id"), (Fixture.request(model: "***"), "/resource/id"),
        (Fixture.request().replacing("1000,", with: #""***","#), "/context/inputTokens"),
        (Fixture.request().replacing(#""context":{"#, with: #""rest":"***","context":{"#), nil),
        (Fixture.request().replacing(#""type":"user""#, with: #""type":"user","properties":"***""#), "/subject/properties"),
        (Fixture.request().replacing(#""type":"user""#, with: #""type":"user","name":"x","note":"***""#), nil),
        (#"{"subject":"***","action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/small"}}"#, "/subject"),
        (#""***""#, ""),
    ]

    /// A base without conditions, and a head that reads what is called `purpose` and a property of the subject.
    private static func replay() throws -> DecisionReplay {
        let head = try Fixture.engine(
            Fixture.policy(
                "reads", #"name: purpose, when: 'has(context.purpose) && context.purpose == "fun"', effect: deny"#,
                #"name: property, when: '"guest" in subject.properties', effect: deny"#))
        return DecisionReplay(base: try Fixture.engine(), head: head)
    }

    private static func replay(_ line: String) throws -> ImpactReport {
        let replay = try replay()
        return try Fixture.withLog(Array(line.utf8)) { try replay.run($0, threads: 1) }
    }

    @Test(arguments: masked.indices) func `a masked request is replayed unless what is gone may decide`(_ number: Int) throws {
        let given = Self.masked[number]
        let report = try Self.replay(Fixture.line(given.request, more: #","masked":true"#))
        guard let part = given.part else {
            #expect(report.replayedCount == 1, "\(report.faults)")
            return
        }
        #expect(report.replayedCount == 0 && report.faultCounts[.masked] == 1)
        #expect(report.faults.first?.detail.contains("`\(part)`") == true, "\(report.faults)")
        // A value that happens to look so, in a record that is not masked, is a value.
        #expect(try Self.replay(Fixture.line(given.request)).faultCounts[.masked] == 0)
    }

    @Test(arguments: [
        (#""erased":["/input/context/prompt","/result/x"]"#, true), (#""masked":["/input/context/prompt"]"#, true),
        (#""erased":["/input/context/purpose"]"#, false), (#""masked":["/input/context"]"#, false),
        (#""erased":["/input/subject/id"]"#, false),
        (#""masked":["/input/resource/properties/region"]"#, true), (#""masked":[7]"#, false), (#""erased":"all""#, false),
    ]) func `what OPA has erased or masked is known by its pointers`(_ members: String, _ isReplayed: Bool) throws {
        let report = try Self.replay(#"{"timestamp":"2026-06-01T12:00:00Z","input":\#(Fixture.request()),\#(members)}"#)
        #expect(report.replayedCount == (isReplayed ? 1 : 0), "\(report.faults)")
        #expect(report.faultCounts[.masked] == (isReplayed ? 0 : 1))
    }
}
