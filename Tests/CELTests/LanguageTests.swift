import Testing

@testable import CEL

/// Runs an expression over a fixed set of variables.
enum Fixture {
    static let attributes = CELRecordType(
        name: "SubjectAttributes", fields: [.init(name: "region", type: .string), .init(name: "level", type: .int)])
    static let subject = CELRecordType(
        name: "Subject",
        fields: [
            .init(name: "id", type: .string), .init(name: "roles", type: .list(.string)),
            .init(name: "attributes", type: .record(attributes)),
        ])
    static let context = CELRecordType(name: "Context", fields: [.init(name: "dataClassification", type: .string)], isOpen: true)
    static let estimate = CELRecordType(name: "Estimate", fields: [.init(name: "cost", type: .double)])
    static let environment = CELEnvironment(variables: [
        .init("subject", .record(subject)), .init("context", .record(context)), .init("estimate", .record(estimate)),
        .init("now", .timestamp),
        .init("items", .list(.map(.string, .dyn))), .init("x", .int), .init("any", .dyn),
    ])

    static let values: [CELValue?] = [
        .string("ada"), .list([.string("admin"), .string("lead")]), .string("eu"), nil,
        .map(CELMap([("dataClassification", .string("internal")), ("tags", .map(CELMap([("project", .string("atlas"))])))])),
        .double(0.75), .timestamp(CELTimestamp(nanosecondsSince1970: 1_234_567_890_000_000_000)),
        .list([.map(CELMap([("cost", .int(5))])), .map(CELMap([("cost", .int(20))]))]), .int(7), nil,
    ]

    static func evaluate(_ source: String, budget: Int = CELMachine.defaultBudget) throws -> CELValue {
        let program = try CELCompiler.compile(source, in: environment)
        try CELVerifier.verify(program, slotCount: environment.slots.count)
        return CELMachine.evaluate(program, slots: values, budget: budget)
    }

    static func issues(_ source: String, expecting: CELType? = nil) -> [CELIssue] {
        do throws(CELIssues) {
            _ = try CELCompiler.compile(source, in: environment, expecting: expecting)
            return []
        } catch {
            return error.issues
        }
    }
}

@Suite("language")
struct LanguageTests {
    @Test(
        "expressions that hold",
        arguments: [
            "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "10 - 3 - 2 == 5", "7 / 2 == 3 && -7 % 3 == -1", "-9223372036854775808 < 0",
            "1.5e3 == 1500.0", "0x1F == 31", "5u > 3u", "dyn(1) == 1.0", "1 < 2.5 && 3u > 2", "'a' + 'b' == 'ab'", "b'ab' == bytes('ab')",
            "!(true && false) || false", "true ? true : false", "1 in [1, 2] && !(3 in [1, 2])", "'k' in {'k': 1}",
            "{'k': {'j': 2}}.k.j == 2",
            "[1, 2, 3].exists(i, i > 2)", "[1, 2, 3].all(i, i > 0)", "[1, 2, 3].exists_one(i, i == 2)",
            "[1, 2, 3].map(i, i * 2) == [2, 4, 6]", "[1, 2, 3].map(i, i > 1, i * 2) == [4, 6]", "[1, 2, 3].filter(i, i != 2) == [1, 3]",
            "size('héllo') == 5", "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')",
            "'hello'.matches('^h.*o$')", "int('42') == 42 && uint(3) == 3u && double(2) == 2.0 && string(1.5) == '1.5'",
            "type(1) == int && type(type(1)) == type", "timestamp('2009-02-13T23:31:30Z') == now", "now.getFullYear() == 2009",
            "now + duration('30s') > now", "duration('1h30m').getMinutes() == 90", "now.getHours('+02:00') == 1",
            "has(subject.id) && !has(subject.attributes.level)", "has(context.tags) && !has(context.nope)",
            "context.tags.project == 'atlas'", "subject.roles.exists(r, r == 'admin')", "items.exists(i, i.cost > 10)",
            "'about $' + string(estimate.cost) == 'about $0.75'", "true || 1 / 0 == 1", "1 / 0 == 1 || true", "!(false && 1 / 0 == 1)",
            "cel.bind(y, x + 1, y * y == 64)", "subject.attributes.region == 'eu'", "!has(any.x) || true", "r'\\d' == '\\\\d'",
            "{1: 'a', 'b': 2}.size() == 2", "[[1, 2], [3]].map(l, l.map(i, i + x)) == [[8, 9], [10]]",
        ])
    func holds(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "errors are values",
        arguments: [
            ("1 / 0", CELError.Kind.divideByZero), ("9223372036854775807 + x", .overflow), ("[1][x]", .invalidArgument),
            ("{'a': 1}.b", .noSuchKey), ("subject.attributes.level > 1", .noSuchKey), ("any.x", .noSuchKey), ("context.nope", .noSuchKey),
            ("'a'.matches(string(context.dataClassification) + '(')", .pattern), ("-(-9223372036854775808)", .overflow),
            ("int('x')", .conversion), ("dyn('a') + dyn(1) == 'a1'", .noSuchOverload), ("{x: 1, 7: 2}", .duplicateKey),
            ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", .overflow),
        ])
    func errors(_ source: String, _ kind: CELError.Kind) throws {
        guard case .error(let error) = try Fixture.evaluate(source) else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == kind)
    }

    @Test("an absent slot says which key is missing") func absent() throws {
        guard case .error(let error) = try Fixture.evaluate("subject.attributes.level + 1") else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "no such key: level")
    }

    @Test(
        "issues",
        arguments: [
            ("context.dataClasification", CELIssue.Kind.undeclared, nil as String?),
            ("subject.rolles", .undeclared, "did you mean `roles`?"), ("subject.attributes.regoin", .undeclared, "did you mean `region`?"),
            ("subjct.id", .undeclared, "did you mean `subject`?"), ("size(subject)", .type, nil), ("1 + 'a'", .noOverload, nil),
            ("'a'.matches('(')", .pattern, nil), ("1 +", .syntax, nil), ("'abc", .syntax, nil), ("9223372036854775808", .literal, nil),
            ("x.strtsWith('a')", .undeclared, "did you mean `startsWith`?"), ("'a' in 'b'", .noOverload, nil), ("for + 1", .syntax, nil),
            ("1 == 1.0", .noOverload, "`int()` or `double()` converts"), ("a.b ? 1 : 2", .undeclared, nil),
        ])
    func issues(_ source: String, _ kind: CELIssue.Kind, _ help: String?) throws {
        if source == "context.dataClasification" {
            // An open record may have the field.
            #expect(Fixture.issues(source).isEmpty)
            return
        }
        let issue = try #require(Fixture.issues(source).first)
        #expect(issue.kind == kind)
        if let help { #expect(issue.help == help) }
    }

    @Test("several syntax errors are reported, in order") func several() {
        let found = Fixture.issues("[1 +, 'a' 'b', )")
        #expect(found.count >= 2)
        #expect(found.map(\.range.lowerBound) == found.map(\.range.lowerBound).sorted())
    }

    @Test("the result must be of the expected type") func expected() {
        #expect(Fixture.issues("x + 1", expecting: .bool).first?.kind == .type)
        #expect(Fixture.issues("x > 1", expecting: .bool).isEmpty)
    }

    @Test("slots are the leaves of closed records, depth first") func slots() throws {
        #expect(
            Fixture.environment.slots.map { $0.path.joined(separator: ".") } == [
                "subject.id", "subject.roles", "subject.attributes.region", "subject.attributes.level", "context", "estimate.cost", "now",
                "items", "x", "any",
            ])
        #expect(try CELCompiler.compile("x > 1 && has(subject.id)", in: Fixture.environment).slotsRead == [0, 8])
    }
}
