import ChangePlan
import JSON
import Testing

/// What a plan says a change means, change by change.
@Suite struct EffectTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var base: [String: String] = [:]
        var head: [String: String]
        /// Lines that the plan for people must have, in this order.
        var lines: [String]

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing", head: [:], lines: ["  no changes"]),
        Case(
            name: "written otherwise",
            head: ["bob": PlanCase.documents["bob", default: ""].replacing("{email", with: "{ email") + "  # Bob"],
            lines: ["  no changes"]),
        Case(
            name: "a role given",
            head: ["bob": PlanCase.documents["bob", default: ""].replacing("displayName: Bob", with: "displayName: Bob, roles: [analyst]")],
            lines: [
                "  1 document changed", "  1 subject gains access",
                "  + user:bob may now, if conditions hold, llm.chat on all 2 models", "        because of Role/analyst gained",
                "  ~ User/bob  bob.yaml:1", "        roles: nothing → [\"analyst\"]",
            ]),
        Case(
            name: "a role given by a team",
            head: [
                "team": PlanCase.documents["team", default: ""].replacing(
                    "displayName: Research", with: "displayName: Research, roles: [analyst]")
            ],
            lines: ["  1 subject gains access", "  + user:bob may now, if conditions hold, llm.chat on all 2 models"]),
        Case(
            name: "a permission taken",
            head: ["analyst": PlanCase.documents["analyst", default: ""].replacing("one/*", with: "one/small")],
            lines: [
                "  1 subject loses access", "  - user:ada may no longer llm.chat on one/large", "        because of Role/analyst",
                "  ~ Role/analyst  analyst.yaml:1",
            ]),
        Case(
            name: "a policy loosened",
            head: [
                "policy": PlanCase.documents["policy", default: ""].replacing(
                    "type: security", with: "type: security\n  enforcement: warning")
            ],
            lines: [
                "  1 subject gains access", "  1 policy looser",
                "  + user:ada may now whatever the request says llm.chat on all 2 models", "        because of Policy/classified",
                "  ~ Policy/classified: looser",
            ]),
        Case(
            name: "a policy tightened",
            head: ["policy": PlanCase.documents["policy", default: ""].replacing("== \"restricted\"", with: "!= \"public\"")],
            lines: [
                "  1 subject loses access", "  1 policy stricter", "  - user:ada may in fewer cases llm.chat on all 2 models",
                "  ~ Policy/classified: stricter",
            ]),
        Case(
            name: "the same condition in other words",
            head: [
                "policy": PlanCase.documents["policy", default: ""].replacing(
                    "when: 'context.dataClassification == \"restricted\"'", with: "when: '\"restricted\" == context.dataClassification'")
            ],
            lines: ["  1 document changed", "  ~ Policy/classified: same effect", "  ~ Policy/classified  policy.yaml:1"]),
        Case(
            name: "a policy about a region of its subject",
            head: [
                "eu": """
                kind: Policy
                metadata: {name: eu-only}
                spec:
                  type: compliance
                  match: {models: ["*"]}
                  rules: [{name: outside, when: 'subject.attributes.region == "eu" && !("eu" in resource.regions)', effect: deny}]
                """
            ],
            lines: [
                "  1 document added", "  1 subject loses access", "  1 policy stricter", "  - user:ada may no longer llm.chat on one/large",
                "        because of Policy/eu-only", "  + Policy/eu-only  eu.yaml:1",
            ]),
        Case(
            name: "a ceiling on the cost",
            base: [
                "cost": """
                kind: Policy
                metadata: {name: cost}
                spec: {type: cost, rules: [{name: high, when: estimate.cost > 0.5, effect: deny}]}
                """
            ],
            head: [
                "cost": """
                kind: Policy
                metadata: {name: cost}
                spec: {type: cost, rules: [{name: high, when: estimate.cost > 0.25, effect: deny}]}
                """
            ],
            lines: ["  1 policy stricter", "  - user:ada may in fewer cases llm.chat on all 2 models", "  ~ Policy/cost: stricter"]),
        Case(
            name: "an exemption",
            head: [
                "exemption": """
                kind: Exemption
                metadata: {name: ada-q1}
                spec: {subject: "user:ada", policies: [classified], reason: An audit., approver: bob, expires: "2026-06-30"}
                """
            ],
            lines: [
                "  1 subject gains access", "  1 exemption granted",
                "  + user:ada may now whatever the request says llm.chat on all 2 models",
                "        because of Policy/classified",
                "  + Exemption/ada-q1: user:ada is exempt from classified until 2026-06-30", "        approved by bob: An audit.",
            ]),
        Case(
            name: "somebody disabled",
            head: ["ada": PlanCase.documents["ada", default: ""].replacing("displayName: Ada", with: "displayName: Ada, disabled: true")],
            lines: ["  - user:ada may no longer llm.chat on all 2 models", "        because of the subject is disabled"]),
        Case(
            name: "somebody gone", head: ["ada": ""],
            lines: [
                "  1 document removed", "  - user:ada may no longer llm.chat on all 2 models", "        because of the subject is gone",
            ]),
        Case(
            name: "a budget raised", head: ["budget": PlanCase.documents["budget", default: ""].replacing("100", with: "250.5")],
            lines: [
                "  budgets a month: 100 EUR → 250.5 EUR (+150.5)",
                "  ~ Budget/research-month, team:research a month: 100 EUR → 250.5 EUR (+150.5)", "        limit: 100 → 250.5",
            ]),
        Case(
            name: "a budget for another period",
            head: ["budget": PlanCase.documents["budget", default: ""].replacing("month, limit", with: "year, limit")],
            lines: [
                "  budgets a month: 100 EUR → 0 EUR (-100)", "  budgets a year: 0 EUR → 100 EUR (+100)",
                "  - Budget/research-month, team:research a month: 100 EUR → none (-100)",
                "  + Budget/research-month, team:research a year: none → 100 EUR (+100)",
            ]),
        Case(
            name: "a control that loses its policy",
            head: ["policy": PlanCase.documents["policy", default: ""].replacing("[iso/A.5]", with: "[iso/A.8]")],
            lines: [
                "  1 control gained a policy, 1 control lost its last policy", "  - iso/A.5: classified → no policy",
                "  + iso/A.8: no policy → classified",
            ]),
        Case(
            name: "a model added",
            head: [
                "huge": """
                kind: Model
                metadata: {name: one/huge}
                spec: {provider: one, upstream: h}
                """
            ],
            lines: ["  + user:ada may now, if conditions hold, llm.chat on one/huge", "        because of Model/one/huge"]),
        Case(
            name: "a permission on a tool",
            head: [
                "analyst": PlanCase.documents["analyst", default: ""].replacing(
                    "permissions: [", with: "permissions: [{actions: [tool.call], resources: [\"tool:search-*\"]}, ")
            ],
            lines: ["  + user:ada may now, if conditions hold, tool.call on tool:search-*"]),
    ]

    @Test(arguments: cases) func `a plan says what a change means`(_ given: Case) throws {
        let plan = try PlanCase.plan(given.base.merging(given.head) { $1 }, from: given.base)
        let text = PlanTextRenderer(color: false).text(plan)
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        for line in given.lines {
            guard let place = rest.firstIndex(of: Substring(line)) else {
                Issue.record("no line `\(line)` in\n\(text)")
                return
            }
            rest = rest[(place + 1)...]
        }
    }

    @Test func `a change that only adds is not destructive, one that takes is`() throws {
        let adds = try PlanCase.plan(["cy": PlanCase.documents["bob", default: ""].replacing("bob", with: "cy")])
        #expect(!adds.isDestructive && !adds.isEmpty)
        #expect(try PlanCase.plan(["bob": "", "team": "", "budget": ""]).isDestructive)
        #expect(
            try PlanCase.plan(["analyst": PlanCase.documents["analyst", default: ""].replacing("one/*", with: "one/small")]).isDestructive)
    }
}
