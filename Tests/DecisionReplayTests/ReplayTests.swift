import DecisionReplay
import JSON
import PolicyEngine
import Testing

/// What a change does to recorded decisions: each way in which an answer can change, and each thing beside the answer.
@Suite struct ReplayTests {
    private typealias Fixture = ReplayFixture

    private static func words(_ causes: [ImpactReport.Cause]) -> [String] {
        causes.map { cause in
            let parts = [cause.policy, cause.rule, cause.action, cause.resource, cause.detail].compactMap(\.self)
            return "\(cause.count) \(cause.code)" + parts.map { " \($0)" }.joined()
        }
    }

    private static let noLarge = Fixture.policy("no-large", #"name: large, when: 'resource.id == "openai/large"', effect: deny"#)

    @Test func `a new rule denies, and it is told whom, because of what and what it would have cost`() throws {
        let report = try Fixture.replay(
            try Fixture.engine(), try Fixture.engine(Self.noLarge),
            [
                Fixture.line(Fixture.request("ada", model: "openai/large"), answer: true),
                Fixture.line(Fixture.request("ada"), answer: true),
                Fixture.line(Fixture.request("alan", model: "openai/large"), answer: true, time: "2026-06-02T00:00:00Z"),
                Fixture.line(Fixture.request("worker", model: "openai/large", type: "service-account"), answer: true),
                Fixture.line(Fixture.request("ada", model: "openai/large", input: 3000), answer: true),
                Fixture.line(Fixture.request("eve", model: "openai/large"), answer: false),
            ])
        #expect(report.replayedCount == 6 && report.unreadableCount == 0 && report.unlikeRecordedCount == 0)
        #expect(report.newDenials.count == 4)
        #expect(report.newPermissions.count == 0)
        #expect(Self.words(report.newDenials.causes) == ["4 policy-denied no-large large"])
        #expect(report.newDenials.causes[0].source?.hasPrefix("all.yaml:") == true)
        // 1,000 tokens in for 10 and 1,000 out for 20 per million: 30,000,000 of 10⁻⁹; 2,000 more tokens in are 20,000,000 more.
        #expect(report.newDenials.cost.nanoUnits == 3 * 30_000_000 + 50_000_000)
        #expect(
            report.newDenials.subjects.map { "\($0.type):\($0.name) \($0.count) \($0.cost.text)" } == [
                "user:ada 2 0.08", "service-account:worker 1 0.03", "user:alan 1 0.03",
            ])
        #expect(
            report.newDenials.teams.map { "\($0.name) \($0.subjects) \($0.count) \($0.cost.text)" } == [
                "science 2 3 0.11", "physics 1 2 0.08",
            ])
        #expect(report.newDenials.examples.map(\.line) == [1, 3, 4, 5])
        #expect(report.stillAllowedCount == 1 && report.stillDeniedCount == 1)
        #expect(report.spending.base.text == "0.143" && report.spending.head.text == "0.003")
        #expect(report.times == 1_780_315_200_500_000_000...1_780_358_400_000_000_000)
        #expect(report.currency == "EUR")
    }

    @Test func `a rule that is gone allows what it denied`() throws {
        let report = try Fixture.replay(
            try Fixture.engine(Self.noLarge), try Fixture.engine(), [Fixture.line(Fixture.request(model: "openai/large"), answer: false)])
        #expect(report.newPermissions.count == 1 && report.newDenials.count == 0)
        #expect(Self.words(report.newPermissions.causes) == ["1 policy-denied no-large large"])
        #expect(report.newPermissions.cost.text == "0.03")
        #expect(report.spending.base.text == "0")
    }

    /// Documents of the head, a request that the base allows, and why the head does not.
    private static let refusals: [(users: String, role: String, more: String, request: String, cause: String)] = [
        (
            Fixture.users, Fixture.role("model:openai/small"), "", Fixture.request(model: "openai/large"),
            "1 no-permission llm.chat model:openai/large"
        ),
        (
            Fixture.users.replacing("roles: [caller, reader]", with: "roles: [caller]"), Fixture.role(), "", Fixture.reading,
            "1 no-permission read doc:*"
        ),
        (Fixture.users.replacing("name: grace", with: "name: hopper"), Fixture.role(), "", Fixture.request("grace"), "1 unknown-subject"),
        (
            Fixture.users.replacing("{email: grace@acme.example", with: "{disabled: true, email: grace@acme.example"), Fixture.role(), "",
            Fixture.request("grace"), "1 subject-disabled"
        ),
        (
            Fixture.users, Fixture.role(),
            Fixture.policy("ask", "name: first, effect: requireApproval, requireApproval: {roles: [reader]}"),
            Fixture.request(), "1 approval-required ask first"
        ),
        (
            Fixture.users, Fixture.role(), Fixture.policy("odd", "name: errs, when: '1 / (context.inputTokens - 1000) > 0', effect: deny"),
            Fixture.request(), "1 condition-error odd errs"
        ),
    ]

    @Test(arguments: refusals.indices) func `each way not to be allowed any more is a cause`(_ number: Int) throws {
        let given = Self.refusals[number]
        let base = try Fixture.engine()
        let head = try Fixture.engine(users: given.users, role: given.role, given.more)
        let lines = [Fixture.line(given.request)]
        let forth = try Fixture.replay(base, head, lines)
        #expect(Self.words(forth.newDenials.causes) == [given.cause])
        // The other way round the same is the cause of a permission.
        let back = try Fixture.replay(head, base, lines)
        #expect(Self.words(back.newPermissions.causes) == [given.cause])
        #expect(back.newPermissions.subjects == forth.newDenials.subjects)
    }

    @Test func `a request that the head cannot read any more is a new denial`() throws {
        func engine(_ type: String) throws -> PolicyEngine {
            let organisation = Fixture.organisation.replacing(
                "{name: doc, actions: [read, write]}", with: "{name: doc, actions: [read, write], properties: {size: {type: \(type)}}}")
            return try Fixture.engine(organisation: organisation)
        }
        let line = Fixture.line(Fixture.reading.replacing(#""id":"7""#, with: #""id":"7","properties":{"size":"big"}"#), answer: true)
        let report = try Fixture.replay(try engine("string"), try engine("int"), [line])
        #expect(report.newDenials.count == 1)
        #expect(report.newDenials.causes.first?.code == "invalid-request")
        #expect(report.newDenials.causes.first?.detail?.contains("/resource/properties/size") == true)
        let back = try Fixture.replay(try engine("int"), try engine("string"), [line])
        #expect(back.newPermissions.causes == report.newDenials.causes && back.unlikeRecordedCount == 1)
    }

    @Test func `what comes with an answer that stays is compared too`() throws {
        let base = try Fixture.engine(
            Fixture.policy(
                "limits", "name: a, effect: limit, limit: {maxOutputTokens: 500}", "name: b, effect: limit, limit: {maxOutputTokens: 900}"),
            Fixture.policy("warned", enforcement: "warning", "name: w, effect: deny"),
            Fixture.policy("denies", "name: one, when: context.inputTokens == 7, effect: deny"))
        let head = try Fixture.engine(
            Fixture.policy(
                "limits", "name: a, effect: limit, limit: {maxOutputTokens: 400}", "name: b, effect: limit, limit: {maxOutputTokens: 800}"),
            Fixture.policy("watched", enforcement: "monitor", "name: m, effect: deny"),
            Fixture.policy("denies", "name: two, when: context.inputTokens == 7, effect: deny"))
        let report = try Fixture.replay(base, head, [Fixture.line(Fixture.request()), Fixture.line(Fixture.request(input: 7))])
        #expect(report.stillAllowedCount == 1 && report.stillDeniedCount == 1)
        #expect(report.differing == [.reasons: 1, .obligations: 2, .warnings: 2, .records: 2])
        let shifts = Set(report.shifts.map { "\($0.part) \($0.policy)/\($0.rule) +\($0.gained) -\($0.lost) ~\($0.changed)" })
        #expect(
            shifts == [
                "reasons denies/one +0 -1 ~0", "reasons denies/two +1 -0 ~0", "obligations limits/a +0 -0 ~2",
                "obligations limits/b +0 -0 ~2",
                "warnings warned/w +0 -2 ~0", "records watched/m +2 -0 ~0",
            ])
    }

    @Test func `other rules that oblige to the same are no difference`() throws {
        let base = try Fixture.engine(Fixture.policy("old", "name: a, effect: limit, limit: {maxOutputTokens: 500}"))
        let head = try Fixture.engine(Fixture.policy("new", "name: b, effect: limit, limit: {maxOutputTokens: 500}"))
        let report = try Fixture.replay(base, head, [Fixture.line(Fixture.request())])
        #expect(report.differing[.obligations] == 0 && report.shifts.isEmpty)
    }

    @Test func `a record is decided at its own time`() throws {
        let head = try Fixture.engine(
            Fixture.policy("closed", #"name: since-june, when: 'now >= timestamp("2026-06-01T00:00:00Z")', effect: deny"#))
        let report = try Fixture.replay(
            try Fixture.engine(), head,
            [
                Fixture.line(Fixture.request(), time: "2026-05-31T23:59:59.999999999Z"),
                Fixture.line(Fixture.request(), time: "2026-06-01T00:00:00Z"),
                Fixture.line(Fixture.request(), time: "2026-06-01T01:30:00+02:00"),
            ])
        #expect(report.newDenials.count == 1 && report.newDenials.examples.map(\.line) == [2])
    }

    @Test func `prices that change move the cost of what stays allowed`() throws {
        let dear = Fixture.organisation.replacing("input: 1, output: 2", with: "input: 3, output: 4")
        let report = try Fixture.replay(
            try Fixture.engine(), try Fixture.engine(organisation: dear),
            [Fixture.line(Fixture.request()), Fixture.line(Fixture.reading)])
        #expect(report.newDenials.count == 0 && report.stillAllowedCount == 2)
        #expect(report.spending.base.nanoUnits == 3_000_000 && report.spending.base.unknownCount == 1)
        #expect(report.spending.head.nanoUnits == 7_000_000 && report.spending.head.unknownCount == 1)
    }

    @Test func `a log that the base has not made is told of`() throws {
        let engine = try Fixture.engine()
        let report = try Fixture.replay(
            engine, engine,
            [
                Fixture.line(Fixture.request(), answer: false), Fixture.line(Fixture.request(), answer: true),
                Fixture.line(Fixture.request("eve"), answer: true), Fixture.line(Fixture.request()),
            ])
        #expect(report.unlikeRecordedCount == 2 && report.newDenials.count == 0 && report.newPermissions.count == 0)
    }

    @Test func `one thread and many come to the same, in whatever order pieces are done`() throws {
        let base = try Fixture.engine()
        let head = try Fixture.engine(role: Fixture.role("model:openai/small"), Self.noLarge, Fixture.policy("w", "name: w, effect: warn"))
        let subjects = ["ada", "alan", "grace", "eve"]
        let padding = String(repeating: "x", count: 300)
        // Several pieces, with lines that are none in between.
        let lines = (0..<12_000).map { number in
            number % 997 == 5
                ? "no line \(number)"
                : Fixture.line(
                    Fixture.request(
                        subjects[number % 4], model: number % 3 == 0 ? "openai/large" : "openai/small", input: number,
                        context: #","note":"\#(padding)""#), answer: number % 7 != 0)
        }
        let one = try Fixture.replay(base, head, lines)
        #expect(one.newDenials.count > 1000 && one.faultCounts[.malformed] == 13 && one.faults.map(\.line) == [6, 1003, 2000, 2997, 3994])
        for threads in [2, 3, 7] { #expect(try Fixture.replay(base, head, lines, threads: threads) == one) }
    }
}
