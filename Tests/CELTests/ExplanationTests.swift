import Testing

@testable import CEL

@Suite("explanation and disassembly")
struct ExplanationTests {
    private let environment = CELEnvironment(variables: [
        .init("a", .int), .init("role", .string), .init("items", .list(.int)),
        .init("user", .record(CELRecordType(name: "User", fields: [.init(name: "team", type: .string)]))),
    ])

    @Test("every part has its value, span and depth") func parts() throws {
        let source = "a > 1 && (role in ['x'] || user.team == 'é')"
        let slots: [CELValue?] = [.int(3), .string("y"), .list([]), .string("é")]
        let explanation = try CELOracle.explain(source, in: environment, slots: slots)
        #expect(explanation.result == .bool(true))
        #expect(explanation.steps > 5)
        let values = Dictionary(explanation.parts.map { ($0.text, $0.value) }) { first, _ in first }
        #expect(values["a > 1"] == .bool(true))
        #expect(values["role in ['x']"] == .bool(false))
        #expect(values["user.team"] == .string("é"))
        #expect(values["user"] == nil)
        #expect(explanation.parts.first?.depth == 0)
        #expect(explanation.parts.first?.range.lowerBound == 0)
    }

    @Test("what was not reached has no value, what is in a loop is counted") func reach() throws {
        let explanation = try CELOracle.explain(
            "a == 0 ? role == 'x' : items.exists(i, i == 2)", in: environment,
            slots: [.int(1), .string("y"), .list([.int(1), .int(2), .int(3)]), nil])
        let skipped = explanation.parts.first { $0.text == "role == 'x'" }
        #expect(skipped?.evaluations == 0 && skipped?.value == nil)
        #expect(explanation.parts.first { $0.text == "i == 2" }?.evaluations == 2)
    }

    @Test("a function of a namespace is one part") func namespaces() throws {
        let explanation = try CELOracle.explain("math.greatest(a, 2) > 1", in: environment, slots: [.int(1), nil, nil, nil])
        #expect(explanation.parts.map(\.text) == ["math.greatest(a, 2) > 1", "math.greatest(a, 2)", "a", "2", "1"])
    }

    @Test("a program reads as text") func disassembly() throws {
        let program = try CELCompiler.compile("a > 8000 && !(role in [\"admin\", \"lead\"]) || user.team != \"eu\"", in: environment)
        let text = program.disassembly
        #expect(text.contains("intLessOrEqual slot 0, 8000 → 2, 1, "))
        #expect(text.contains("textEqual slot 3, \"eu\" → false, true, error"))
        #expect(text.contains("finish r0"))
    }
}
