import Diagnostics
import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import PolicyTesting
import Testing

/// What is said of cases that are as expected, and of each thing that is not.
@Suite struct PolicyTestRunTests {
    private static let policy = """
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: no-secrets}
        spec:
          type: security
          rules:
            - {name: secret, when: context.dataClassification == "restricted", effect: deny, message: '"not for secrets"'}
            - {name: short, effect: limit, limit: {maxOutputTokens: 100}}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: closed-at-new-year}
        spec:
          type: usage
          rules:
            - {name: closed, when: now >= timestamp("2027-01-01T00:00:00Z"), effect: deny}

        """

    private static func request(_ classification: String, subject: String = "ada") -> String {
        """
        {subject: {type: user, id: \(subject)}, action: {name: llm.chat}, resource: {type: model, id: openai/gpt-5.4}, context: {dataClassification: \(classification)}}
        """
    }

    /// - Parameter cases: as they stand in YAML, one a line.
    private static func run(
        _ cases: [String], time: String? = "2026-06-01T00:00:00Z", now: Int64 = 0,
        where isChosen: (String, String) -> Bool = { _, _ in true }
    ) throws -> PolicyTestRun {
        let test = """
            ---
            apiVersion: charter/v1
            kind: PolicyTest
            metadata: {name: secrets}
            spec:
              \(time.map { "now: \"\($0)\"" } ?? "description: At any time.")
              cases:

            """ + cases.map { "    - \($0)\n" }.joined()
        let text = DiagnosticExplanation.surroundings + Self.policy + test
        let linked = Governance.link([DocumentReader.read(Array(text.utf8), path: "all.yaml")])
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let compiled = PolicyCompiler.compile(
            linked.governance, origin: origin, isLinked: !linked.diagnostics.hasErrors, now: 1_780_272_000)
        let bundle = try #require(compiled.bundle, "\(linked.diagnostics) \(compiled.diagnostics)")
        return PolicyTestRun(linked.governance, try PolicyEngine(try PolicyBundle(bytes: bundle)), now: now, where: isChosen)
    }

    private static func only(_ expectation: String, _ classification: String = "restricted") throws -> PolicyTestRun.Case {
        let run = try run(["{name: one, request: \(request(classification)), expect: {\(expectation)}}"])
        return try #require(run.tests.first?.cases.first)
    }

    @Test func `what is as expected has passed`() throws {
        for expectation in [
            "decision: deny", "decision: deny, code: policy-denied", "decision: deny, policies: [no-secrets]",
        ] { #expect(try Self.only(expectation).differences == [], "\(expectation)") }
        #expect(try Self.only("decision: allow, obligations: [limit]", "internal").isPassed)
    }

    @Test(arguments: [
        ("decision: allow", "decision", "allow", "deny"), ("decision: deny, code: no-permission", "code", "no-permission", "policy-denied"),
        ("decision: deny, policies: [no-secrets, closed-at-new-year]", "policies", "closed-at-new-year", "no-secrets"),
        ("decision: deny, obligations: [redact]", "obligations", "redact", "limit"),
    ]) func `each thing that is not as expected is told`(_ expectation: String, _ what: String, _ expected: String, _ found: String) throws
    {
        let result = try Self.only(expectation)
        #expect(result.differences.map(\.what) == [what])
        #expect(result.differences.first?.expected == expected)
        if what != "obligations" { #expect(result.differences.first?.found == found) }
        #expect(
            result.reasons.contains { $0.hasPrefix("policy-denied by no-secrets/secret: not for secrets (all.yaml:") }, "\(result.reasons)")
    }

    @Test func `a request that is none has failed, whatever was expected`() throws {
        let run = try Self.run(
            ["subject: {type: user}, resource: \"tool:x\"", "subject: {type: user, id: ada}, resource: {type: 7, id: x}"].enumerated().map {
                "{name: case-\($0), request: {\($1), action: llm.chat}, expect: {decision: deny}}"
            })
        #expect(run.failureCount == 2)
        #expect(run.tests.first?.cases.allSatisfy { $0.differences.map(\.what) == ["request"] } == true)
    }

    @Test func `the time is the test's, or else the one given`() throws {
        let everyday = "{name: one, request: \(Self.request("internal")), expect: {decision: allow}}"
        #expect(try Self.run([everyday], now: 1_800_000_000_000_000_000).failureCount == 0)
        #expect(try Self.run([everyday], time: nil, now: 1_780_272_000_000_000_000).failureCount == 0)
        #expect(try Self.run([everyday], time: nil, now: 1_800_000_000_000_000_000).failureCount == 1)
    }

    @Test func `only what is chosen is decided`() throws {
        let cases = ["one", "two"].map { "{name: \($0), request: \(Self.request("restricted")), expect: {decision: deny}}" }
        let run = try Self.run(cases) { test, name in test == "secrets" && name == "two" }
        #expect(run.tests.map { $0.cases.map(\.name) } == [["two"]])
        #expect(try Self.run(cases) { _, _ in false }.tests.isEmpty)
    }

    @Test func `each form tells the same`() throws {
        let run = try Self.run([
            "{name: good, request: \(Self.request("restricted")), expect: {decision: deny}}",
            "{name: bad <&>, request: \(Self.request("restricted", subject: "nobody")), expect: {decision: allow}}",
        ])
        let text = PolicyTestRenderer(color: false).text(run)
        #expect(text.hasPrefix("✗ secrets: 1 of 2 cases passed\n\n  bad <&>\n  --> all.yaml:"), "\(text)")
        #expect(text.contains("    decision  expected  allow\n              found     deny\n    = unknown-subject: "), "\(text)")
        #expect(text.hasSuffix("2 cases in 1 test, 1 failed\n"))
        let json = PolicyTestRenderer.json(run)
        #expect(json["passed"] == 1 && json["failed"] == 1)
        let cases = json["tests"]?.arrayValue?.first?["cases"]?.arrayValue ?? []
        #expect(cases.map { $0["passed"] } == [true, false])
        #expect(cases.last?["differences"] == [["what": "decision", "expected": "allow", "found": "deny"]])
        let junit = PolicyTestRenderer.junit(run)
        #expect(junit.contains(#"<testsuites name="charter test" tests="2" failures="1""#))
        #expect(junit.contains(#"name="bad &lt;&amp;&gt;""#) && junit.contains(#"message="decision: expected allow, found deny""#))
    }

    @Test func `reason codes are those that decisions have`() {
        #expect(PolicyTest.reasonCodes == Decision.Reason.Code.allCases.map(\.rawValue))
    }

    @Test func `what differs is shown and nothing else, in columns`() throws {
        let run = try Self.run([
            "{name: many, request: \(Self.request("restricted")), expect: {decision: allow, code: policy-denied, reasons: [no-permission], "
                + "warnings: [], exemptions: [], obligations: {limit: {maxOutputTokens: 50, maxInputTokens: 9}, route: \"openai/gpt-5.4\"}}}"
        ])
        let text = PolicyTestRenderer(color: false).text(run).replacing(/--> .*\n/, with: "-->\n").replacing(
            /\(all.yaml:.*\)/, with: "(place)")
        #expect(
            text == """
                ✗ secrets: 0 of 1 case passed

                  many
                  -->
                    decision                           expected  allow
                                                       found     deny
                    reasons                            expected  no-permission
                                                       found     no-secrets/secret
                    obligations.limit.maxInputTokens   expected  9
                                                       found     none
                    obligations.limit.maxOutputTokens  expected  50
                                                       found     100
                    obligations.route                  expected  openai/gpt-5.4
                                                       found     none
                    = policy-denied by no-secrets/secret: not for secrets (place)

                1 case in 1 test, 1 failed

                """, "\(text)")
    }

    /// Expectations that hold of a secret, which is denied and limited to 100 tokens.
    @Test(arguments: [
        "reasons: [no-secrets/secret], warnings: [], records: [], exemptions: []", "obligations: {limit: {maxOutputTokens: 100}}",
        "obligations: {limit: true}", "obligations: limit",
    ]) func `exact expectations hold`(_ expectation: String) throws {
        #expect(try Self.only("decision: deny, \(expectation)").differences == [])
    }

    @Test(arguments: [
        ("reasons: []", "reasons", "none", "no-secrets/secret"),
        ("reasons: [no-secrets/secret, closed-at-new-year/closed]", "reasons", "closed-at-new-year/closed", "not there"),
        ("warnings: [no-secrets/short]", "warnings", "no-secrets/short", "none"),
        ("obligations: {}", "obligations.limit", "none", #"{"maxOutputTokens":100}"#),
        ("obligations: {limit: true, redact: [pii]}", "obligations.redact", "pii", "none"),
    ]) func `exact expectations tell what is missing and what is too many`(
        _ given: String, _ what: String, _ expected: String, _ found: String
    )
        throws
    {
        let differences = try Self.only("decision: deny, \(given)").differences
        #expect(differences == [PolicyTestRun.Difference(what: what, expected: expected, found: found)])
    }

    @Test func `a case may have a time of its own`() throws {
        let everyday = "request: \(Self.request("internal")), now: 2027-02-01"
        #expect(
            try Self.run(["{name: one, \(everyday), expect: {decision: deny, reasons: [closed-at-new-year/closed]}}"]).failureCount == 0)
    }
}
