import Diagnostics
import GovernanceModel
import PolicyCompiler
import Testing

/// What is said about single conditions, and about which nothing is said.
@Suite struct ConditionFindingTests {
    private static func findings(_ condition: String, variables: String = "[]", conditions: String = "{}") -> [Diagnostic] {
        let text = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec:
              displayName: Acme
              currency: USD
              conditions: \(conditions)
              subjectAttributes:
                clearance: {type: string, values: [public, internal, secret]}
                projects: {type: stringList, values: [atlas, borealis]}
                region: {type: string}
                level: {type: int}
                until: {type: timestamp}
              resourceTypes:
                - {name: tool, actions: [tool.call], properties: {effect: {type: string, values: [none, some]}, kind: {type: string, values: [a]}}}
                - {name: file, actions: [file.read], properties: {effect: {type: string, values: [all]}, kind: {type: string}}}
            ---
            apiVersion: charter/v1
            kind: User
            metadata: {name: ada}
            spec: {email: ada@acme.example, roles: [engineer]}
            ---
            apiVersion: charter/v1
            kind: Role
            metadata: {name: engineer}
            spec: {permissions: [{actions: [llm.chat, custom.go], resources: ["model:*"]}]}
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: p}
            spec:
              type: usage
              variables: \(variables)
              rules:
                - name: r
                  effect: deny
                  when: |
                    \(condition)

            """
        let (governance, diagnostics) = Governance.link([DocumentReader.read(Array(text.utf8), path: "all.yaml")])
        let found = PolicyCompiler.compile(
            governance, origin: nil, isLinked: !diagnostics.hasErrors, now: BrokenRepositoryTests.now
        ).diagnostics
        return (diagnostics + found).filter { $0.severity != .note && $0.code != .unmatchedGlob }
    }

    /// Conditions that people write, in which nothing is wrong.
    static let good = [
        #"subject.type == "user""#, #"subject.attributes.clearance != "secret""#,
        #"!(subject.attributes.clearance in ["internal", "secret"])"#,
        #"has(subject.attributes.clearance) && subject.attributes.clearance in ["internal", "secret"]"#,
        #"subject.attributes.region == "mars""#,
        #"subject.attributes.level > 3 && subject.attributes.level < 5"#, #"subject.attributes.until < now"#,
        #"now < timestamp("2026-01-01T00:00:00Z") || now > timestamp("2027-01-01T00:00:00Z")"#,
        #"context.inputTokens >= 0 && context.stream"#,
        #"context.inputTokens > 0"#, #"estimate.cost > 0.5 || !has(context.inputTokens)"#, #"!has(resource.mode)"#,
        #"resource.type != "model""#,
        #"resource.properties.effect == "all" || resource.properties.effect == "none""#, #"resource.properties.kind == "anything""#,
        #"resource.id == "search/web""#, #"resource.id.startsWith("openai/")"#, #"action.name == "custom.go""#,
        #"action.name.startsWith("llm.")"#,
        #""engineer" in subject.roles && subject.id != "ada""#,
        #"!("engineer" in subject.roles) || "atlas" in subject.attributes.projects"#,
        #"subject.attributes.projects.exists(p, p == "atlas")"#, #"findings.exists(f, f.detector == "anything" && f.count > 3)"#,
        #"has(context.tags) && has(context.tags.a) && context.tags.a == "b""#, #"subject.properties.anything == 3"#,
        #"context.purpose == "a" || context.purpose == "b""#, #"context.purpose != "a" && context.purpose != "b""#,
        #"context.tools.exists(t, t.startsWith("shell"))"#, #"size(subject.roles) > 3 && size(subject.teams) < 3"#,
        #"size(findings) > 0 && size(subject.properties) < 5"#, #"variables.yes && subject.attributes.level > 1"#,
        #"context.region in ["eu", "us"] && resource.region == "eu""#,
        #"context.dataClassification == "restricted" ? subject.attributes.level > 3 : subject.attributes.level > 1"#,
    ]

    @Test(arguments: good) func `nothing is said of a condition that is in order`(_ condition: String) {
        let found = Self.findings(condition, variables: #"[{name: "yes", expression: 'context.stream'}]"#)
        #expect(found.isEmpty, "\(found.map(\.message))")
    }

    static let wrong: [(condition: String, code: DiagnosticCode, message: String)] = [
        (#"!has(subject.roles)"#, .constantCondition, "never true: the rule `r` has no effect"),
        (#"estimate.cost < 0.0"#, .constantCondition, "only where"),
        (#"has(subject.email)"#, .constantCondition, "always true"), (#"context.maxOutputTokens >= 0"#, .constantCondition, "never false"),
        (#"subject.type in ["user", "service-account"]"#, .constantCondition, "always true"),
        (#"subject.attributes.clearance.startsWith("x")"#, .constantCondition, "only where"),
        (#"resource.type == "tool" && resource.type == "file""#, .contradictoryCondition, "never both true: the rule `r` has no effect"),
        (#"subject.attributes.level > 5 && !(subject.attributes.level >= 5)"#, .contradictoryCondition, "takes effect only where"),
        (#"has(context.purpose) && !has(context.purpose)"#, .contradictoryCondition, "has no effect"),
        (#"now > subject.attributes.until && !(now > subject.attributes.until)"#, .contradictoryCondition, "only where"),
        (#""secert" == subject.attributes.clearance"#, .impossibleValue, "is never `secert`"),
        (#""zeus" in subject.attributes.projects"#, .impossibleValue, "never holds `zeus`"),
        (#"resource.properties.effect == "everything""#, .impossibleValue, "is never `everything`"),
        (#""enginer" in subject.roles"#, .impossibleValue, "no such Role"),
        (#"action.name == "llm.chatt""#, .impossibleValue, "none names"),
        (#"context.tools.exists(a, context.tools.exists(b, context.tools.exists(c, a + b == c)))"#, .costlyCondition, "steps"),
    ]

    @Test(arguments: wrong) func `what is wrong with a condition is told once`(
        _ condition: String, _ code: DiagnosticCode, _ message: String
    ) {
        let found = Self.findings(condition)
        #expect(found.map(\.code) == [code])
        #expect(found.allSatisfy { $0.message.contains(message) }, "\(found.map(\.message))")
    }

    @Test func `the organisation sets what a condition may cost, and for what sizes`() {
        let loop = #"context.tools.exists(a, context.tools.exists(b, a == b))"#
        #expect(Self.findings(loop, conditions: "{elements: 10, textBytes: 20}").isEmpty)
        #expect(Self.findings(loop, conditions: "{elements: 1000}").map(\.code) == [.costlyCondition])
        #expect(Self.findings(#"context.purpose == "a""#, conditions: "{steps: 1000, textBytes: 100}").isEmpty)
        #expect(Self.findings(#"context.purpose.contains("a")"#, conditions: "{steps: 1000}").map(\.code) == [.costlyCondition])
    }

    @Test func `what follows from a variable with a mistake is not told as well`() {
        let found = Self.findings(
            #"variables.secret && subject.type == "user""#,
            variables: #"[{name: "secret", expression: 'context.dataClassification == "secret"'}]"#)
        #expect(found.map(\.code) == [.impossibleValue])
    }
}
