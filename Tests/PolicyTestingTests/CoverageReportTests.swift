import Diagnostics
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import PolicyTesting
import Testing

/// What is told of rules and branches that tests have tried or not.
@Suite struct CoverageReportTests {
    private static let documents = """
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: data}
        spec:
          type: security
          variables:
            - {name: secret, expression: context.dataClassification == "restricted"}
          rules:
            - name: secret
              when: >-
                variables.secret
                && !("admin" in subject.roles)
              effect: deny
            - name: tools
              when: |
                size(context.tools.filter(t, t == "shell")) > 0
                || context.tools.exists(t, t.startsWith("rm"))
              effect: warn
            - {name: always, effect: limit, limit: {maxOutputTokens: 9}}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: images}
        spec:
          type: usage
          match: {actions: [llm.image]}
          rules: [{name: large, when: context.maxOutputTokens > 5, effect: deny}]
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: engineer}
        spec:
          permissions:
            - {actions: [llm.chat], resources: ["model:openai/*"]}
            - {actions: [llm.embed], resources: ["model:openai/*"], when: context.region == "eu"}
            - actions: [llm.rank]
              resources: ["model:openai/*"]
              when: has(context.purpose)

        """

    /// - Parameter requests: action and context of each.
    private static func report(_ requests: [(String, String)]) throws -> CoverageReport {
        let cases = requests.enumerated().map { number, request in
            "    - {name: c\(number), request: {action: \(request.0), context: {\(request.1)}}, expect: {decision: allow}}\n"
        }
        let test = """
            ---
            apiVersion: charter/v1
            kind: PolicyTest
            metadata: {name: t}
            spec:
              defaults: {subject: "user:ada", resource: "model:openai/gpt-5.4"}
              cases:

            """ + cases.joined()
        let around = DiagnosticExplanation.surroundings.split(separator: "\n---\n").filter { !$0.contains("kind: Role") }
        let parsed = [("around.yaml", around.joined(separator: "\n---\n") + "\n" + test), ("p.yaml", documents)].map {
            DocumentReader.read(Array($0.1.utf8), path: $0.0)
        }
        let linked = Governance.link(parsed)
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let compiled = PolicyCompiler.compile(
            linked.governance, origin: origin, isLinked: !linked.diagnostics.hasErrors, now: 1_780_272_000)
        let bundle = try #require(compiled.bundle, "\(linked.diagnostics) \(compiled.diagnostics)")
        let engine = try PolicyEngine(try PolicyBundle(bytes: bundle))
        let coverage = try PolicyCoverage(linked.governance, engine)
        let run = PolicyTestRun(linked.governance, engine, now: 0, coverage: coverage)
        #expect(run.caseCount == requests.count)
        #expect(run.tests.flatMap(\.cases).allSatisfy { $0.differences.allSatisfy { $0.what != "request" } })
        return coverage.report
    }

    private static let few = [
        ("llm.chat", "dataClassification: internal, tools: []"), ("llm.chat", "dataClassification: restricted, tools: [ls, shell]"),
        ("llm.embed", "region: us, dataClassification: internal, tools: []"),
    ]

    @Test func `people are told what no test has tried, and where it stands`() throws {
        let report = try Self.report(Self.few)
        #expect(
            CoverageRenderer(color: false).text(report) == """
                53.8 % covered: 3 of 6 rules, 11 of 20 branches
                  • p.yaml  rules 3/6  branches 11/20
                      p.yaml:10:13  never true       "admin" in subject.roles
                      p.yaml:17:12  never true       context.tools.exists(t, t.startsWith("rm"))
                      p.yaml:17:36  never evaluated  t.startsWith("rm")
                      p.yaml:27:18  never tried      images/large
                      p.yaml:35:7   never held       engineer permission 2
                      p.yaml:35:67  never true       context.region == "eu"
                      p.yaml:36:7   never tried      engineer permission 3

                """, "\(CoverageRenderer(color: false).text(report))")
    }

    @Test func `everything is covered when every way was taken`() throws {
        let all =
            Self.few + [
                ("llm.chat", "dataClassification: internal, tools: [ls, rm]"),
                ("llm.embed", "region: eu, dataClassification: internal, tools: []"),
                ("llm.rank", "purpose: x, dataClassification: internal, tools: []"),
                ("llm.rank", "dataClassification: internal, tools: []"),
            ]
        let report = try Self.report(all)
        #expect(!report.files.isEmpty)
        let gaps = report.files.flatMap { $0.predicates.filter { $0.hitCount < 2 }.map(\.text) }
        #expect(gaps == [#""admin" in subject.roles"#, "context.maxOutputTokens > 5"])
        #expect(report.files.flatMap { $0.rules.filter { !$0.isHit }.map(\.name) } == ["images/large"])
        #expect(report.ruleSum == CoverageReport.Sum(hit: 5, total: 6))
    }

    @Test func `a tracefile names lines of documents, rules as functions and predicates as blocks of two branches`() throws {
        let report = try Self.report(Self.few)
        let expected = """
            TN:
            SF:p.yaml
            FN:9,data/secret
            FN:14,data/tools
            FN:19,data/always
            FN:27,images/large
            FN:35,engineer permission 2
            FN:36,engineer permission 3
            FNDA:1,data/secret
            FNDA:1,data/tools
            FNDA:2,data/always
            FNDA:0,images/large
            FNDA:0,engineer permission 2
            FNDA:0,engineer permission 3
            FNF:6
            FNH:3
            BRDA:7,0,0,1
            BRDA:7,0,1,1
            BRDA:10,0,0,1
            BRDA:10,0,1,1
            BRDA:10,1,0,0
            BRDA:10,1,1,1
            BRDA:16,0,0,1
            BRDA:16,0,1,1
            BRDA:16,1,0,1
            BRDA:16,1,1,1
            BRDA:17,0,0,0
            BRDA:17,0,1,1
            BRDA:17,1,0,-
            BRDA:17,1,1,-
            BRDA:27,0,0,-
            BRDA:27,0,1,-
            BRDA:35,0,0,0
            BRDA:35,0,1,1
            BRDA:38,0,0,-
            BRDA:38,0,1,-
            BRF:20
            BRH:11
            DA:7,2
            DA:9,2
            DA:10,2
            DA:14,2
            DA:16,2
            DA:17,1
            DA:19,2
            DA:27,0
            DA:35,1
            DA:36,0
            DA:38,0
            LF:11
            LH:8
            end_of_record

            """
        #expect(report.lcov() == expected, "\(report.lcov())")
        #expect(report.lcov(root: "acme").contains("SF:acme/p.yaml\n") && report.lcov(root: "acme/").contains("SF:acme/p.yaml\n"))
    }

    @Test func `JSON tells the same`() throws {
        let report = try Self.report(Self.few)
        let json = report.json
        #expect(json["percent"] == .decimal("53.8"))
        #expect(json["rules"] == ["hit": 3, "total": 6] && json["branches"] == ["hit": 11, "total": 20])
        let files = json["files"]?.arrayValue ?? []
        #expect(files.map { $0["path"] } == ["p.yaml"])
        #expect(
            files.first?["entries"]?.arrayValue?.first == [
                "kind": "rule", "name": "data/secret", "line": 9, "held": 1, "failed": 1, "error": 0,
            ])
        #expect(
            files.first?["predicates"]?.arrayValue?.first == [
                "of": "data variables.secret", "line": 7, "column": 34, "text": #"context.dataClassification == "restricted""#, "true": 1,
                "false": 1, "error": 0,
            ])
    }

    @Test(arguments: [
        (0, 0, "100.0", 100.0, false), (1, 3, "33.3", 33.3, false), (1, 3, "33.3", 33.4, true), (1999, 2000, "99.9", 100, true),
        (8, 10, "80.0", 80, false),
    ])
    func `percents are never rounded up`(_ hit: Int, _ total: Int, _ percent: String, _ minimum: Double, _ isBelow: Bool) {
        let sum = CoverageReport.Sum(hit: hit, total: total)
        #expect(sum.percent == percent && sum.isBelow(percent: minimum) == isBelow)
    }
}
