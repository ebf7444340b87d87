import GovernanceModel
import JSON
import PolicyBundle
import Testing

@testable import PolicyEngine
@testable import PolicyTesting

/// The coverage of tests against a plain reading of the documents.
@Suite struct CoverageTests {
    /// How often a predicate was true, false and an error.
    private struct Ways: Equatable {
        var yes = 0
        var no = 0
        var error = 0
    }

    /// What is expected of the predicates of each condition, in their order.
    private final class Tally {
        private(set) var ways: [String: [Ways]] = [:]
        private(set) var held: [String: Int] = [:]

        /// Walks through a condition as it is evaluated: from the left, until the result is settled.
        func note(_ owner: String, _ condition: RandomCondition, _ facts: NaiveEvaluator.Facts) {
            var all = ways[owner] ?? Array(repeating: Ways(), count: Self.count(condition))
            var next = 0
            walk(condition, facts, isEvaluated: true, &next, &all)
            ways[owner] = all
            if facts.truth(of: condition) == .yes { held[owner, default: 0] += 1 }
        }

        private func walk(
            _ condition: RandomCondition, _ facts: NaiveEvaluator.Facts, isEvaluated: Bool, _ next: inout Int, _ ways: inout [Ways]
        ) {
            let truth = facts.truth(of: condition)
            switch condition {
            case .literal: break
            case .not(let operand): walk(operand, facts, isEvaluated: isEvaluated, &next, &ways)
            case .and(let left, let right), .or(let left, let right):
                walk(left, facts, isEvaluated: isEvaluated, &next, &ways)
                let settling: NaiveEvaluator.Truth = if case .and = condition { .no } else { .yes }
                walk(right, facts, isEvaluated: isEvaluated && facts.truth(of: left) != settling, &next, &ways)
            default:
                if isEvaluated {
                    ways[next].yes += truth == .yes ? 1 : 0
                    ways[next].no += truth == .no ? 1 : 0
                    ways[next].error += truth == .error ? 1 : 0
                }
                next += 1
            }
        }

        /// How many predicates there are. A constant is none.
        private static func count(_ condition: RandomCondition) -> Int {
            switch condition {
            case .literal: 0
            case .not(let operand): count(operand)
            case .and(let left, let right), .or(let left, let right): count(left) + count(right)
            default: 1
            }
        }
    }

    @Test func `coverage counts what a plain reading of the documents counts, on random organisations`() throws {
        var random = Noise(seed: FuzzRun.seed)
        var (decisions, compared, taken) = (0, 0, 0)
        while decisions < 4_000 {
            let world = RandomWorld(&random, .small)
            let engine = try TestEngine.compile(["world.yaml": world.yaml])
            let governance = Governance.link([DocumentReader.read(Array(world.yaml.utf8), path: "world.yaml")]).governance
            let coverage = try PolicyCoverage(governance, engine)
            let (session, naive, tally) = (DecisionSession(engine), NaiveEvaluator(world: world), Tally())
            session.trace = coverage.trace
            naive.observe = tally.note
            for _ in 0..<50 {
                let request = RandomRequest(&random)
                try request.bytes(in: world).withUnsafeBytes { bytes in
                    try session.decode(bytes, now: request.now)
                    session.decide()
                }
                coverage.record(session)
                _ = naive.decide(request)
                decisions += 1
            }
            for (owner, predicates) in coverage.predicates {
                let found = predicates.map { Ways(yes: $0.trueCount, no: $0.falseCount, error: $0.errorCount) }
                let expected = tally.ways[owner] ?? Array(repeating: Ways(), count: found.count)
                #expect(found == expected, "\(owner): \(predicates.map(\.text)) ENGINE_FUZZ_SEED=\(FuzzRun.seed)")
                if found != expected { return }
                compared += found.count
                taken += found.count { $0.yes > 0 && $0.no > 0 }
            }
            let report = coverage.report
            for rule in report.files.flatMap(\.rules) where tally.ways[rule.name] != nil {
                #expect(rule.heldCount == tally.held[rule.name, default: 0], "\(rule.name) ENGINE_FUZZ_SEED=\(FuzzRun.seed)")
            }
            Self.checkSums(report)
        }
        #expect(compared > 1_000 && taken > 100, "\(compared) \(taken)")
    }

    /// The sums of a tracefile are those of its records, and of the report.
    private static func checkSums(_ report: CoverageReport) {
        var sums: [String: Int] = [:]
        var told: [String: Int] = [:]
        for line in report.lcov().split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            let count = parts[1].split(separator: ",").map(String.init)
            switch parts[0] {
            case "FNDA": sums["FNH", default: 0] += count[0] == "0" ? 0 : 1
            case "FN": sums["FNF", default: 0] += 1
            case "BRDA":
                sums["BRF", default: 0] += 1
                sums["BRH", default: 0] += ["0", "-"].contains(count[3]) ? 0 : 1
            case "DA":
                sums["LF", default: 0] += 1
                sums["LH", default: 0] += count[1] == "0" ? 0 : 1
            case "FNF", "FNH", "BRF", "BRH", "LF", "LH": told[parts[0], default: 0] += Int(parts[1]) ?? -1
            default: break
            }
        }
        #expect(sums.filter { $0.value > 0 } == told.filter { $0.value > 0 })
        #expect(told["FNF", default: 0] == report.ruleSum.total && told["FNH", default: 0] == report.ruleSum.hit)
        #expect(told["BRF", default: 0] == report.branchSum.total && told["BRH", default: 0] == report.branchSum.hit)
    }

    @Test func `a permission's condition is traced only when it is needed`() throws {
        let roles = """
            apiVersion: charter/v1
            kind: Role
            metadata: {name: conditional}
            spec:
              permissions:
                - {actions: [llm.image], resources: ["model:openai/*"], when: context.region == "eu"}
                - {actions: [llm.image], resources: ["model:openai/*"], when: has(context.purpose)}
            ---
            apiVersion: charter/v1
            kind: User
            metadata: {name: imager}
            spec: {email: imager@acme.example, roles: [conditional]}

            """
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "r.yaml": roles])
        let (session, trace) = (DecisionSession(engine), DecisionTrace(engine))
        session.trace = trace
        let role = try #require(
            (0..<engine.bundle.count(.role)).first { engine.bundle.string(.role, $0, RoleColumn.name) == "conditional" })
        let rows = Array(engine.bundle.records(.role, role, RoleColumn.permissions))
        let cases: [(JSONObject, [DecisionTrace.RuleBits])] = [
            (["region": "eu"], [[.held], []]), (["region": "us"], [[.failed], [.failed]]), (["purpose": "x"], [[.erred], [.held]]),
        ]
        for (context, expected) in cases {
            trace.reset()
            try JSONWriter.bytes(TestEngine.request("imager", "llm.image", "openai/gpt", context: context)).withUnsafeBytes { bytes in
                try session.decode(bytes, now: 0)
                session.decide()
            }
            #expect(rows.map { trace[permission: $0] } == expected, "\(context)")
        }
    }
}
