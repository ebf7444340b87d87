import Diagnostics
import GovernanceModel
import JSON
import PolicyEngine

/// The cases of `PolicyTest` documents, decided, and what came of them.
public struct PolicyTestRun: Sendable {
    /// One thing that is not as expected.
    public struct Difference: Sendable, Equatable {
        /// `decision`, `code`, `policies`, `obligations` or `request`.
        public var what: String
        public var expected: String
        public var found: String
    }

    /// A request and what became of it.
    public struct Case: Sendable {
        public var name: String
        public var span: SourceSpan
        /// Nothing, if it has passed.
        public var differences: [Difference]
        /// Why it was decided as it was, if it has failed: a line each.
        public var reasons: [String]
        /// How long deciding took, in nanoseconds.
        public var nanoseconds: Int64

        public var isPassed: Bool { differences.isEmpty }
    }

    /// A document.
    public struct Test: Sendable {
        public var name: String
        public var path: String
        public var cases: [Case]
    }

    public private(set) var tests: [Test] = []

    public var caseCount: Int { tests.reduce(0) { $0 + $1.cases.count } }
    public var failureCount: Int { tests.reduce(0) { $0 + $1.cases.count { !$0.isPassed } } }

    /// Decides all cases, in the order of the documents' names and of their lines.
    ///
    /// - Parameters:
    ///   - engine: of the bundle that was compiled from the same documents.
    ///   - now: for tests that name no time, in nanoseconds since 1970.
    ///   - isChosen: by the test's name and the case's.
    public init(
        _ governance: Governance, _ engine: PolicyEngine, now: Int64,
        where isChosen: (_ test: String, _ name: String) -> Bool = { _, _ in true }
    ) {
        for document in governance.all(.policyTest) {
            let test = PolicyTest(spec: document.spec)
            let time = test.now.map { $0 * 1_000_000_000 } ?? now
            let cases = test.cases.filter { isChosen(document.plainName, $0.name.value) }
            if cases.isEmpty { continue }
            tests.append(Test(name: document.plainName, path: document.path, cases: cases.map { Self.decide($0, engine, now: time) }))
        }
    }

    private static func decide(_ given: PolicyTest.Case, _ engine: PolicyEngine, now: Int64) -> Case {
        let clock = ContinuousClock()
        let start = clock.now
        var result = Case(name: given.name.value, span: given.name.span, differences: [], reasons: [], nanoseconds: 0)
        do throws(RequestError) {
            let decision = try engine.decide(given.request, now: now, id: "test")
            result.differences = differences(given.expected, decision)
            if !result.isPassed { result.reasons = reasons(decision) }
        } catch {
            // Nothing is decided: a case can never expect that.
            result.differences = [Difference(what: "request", expected: "a request that can be decided", found: "\(error)")]
        }
        let (seconds, attoseconds) = (clock.now - start).components
        result.nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        return result
    }

    private static func differences(_ expected: PolicyTest.Expectation, _ decision: Decision) -> [Difference] {
        var differences: [Difference] = []
        if expected.isAllowed != decision.isAllowed {
            differences.append(Difference(what: "decision", expected: word(expected.isAllowed), found: word(decision.isAllowed)))
        }
        func compare(_ what: String, _ wanted: [String], _ found: Set<String>) {
            let missing = wanted.filter { !found.contains($0) }
            if missing.isEmpty { return }
            differences.append(
                Difference(
                    what: what, expected: missing.joined(separator: ", "),
                    found: found.isEmpty ? "none" : found.sorted().joined(separator: ", ")))
        }
        compare("code", expected.code.map { [$0] } ?? [], Set(decision.reasons.map(\.code.rawValue)))
        compare("policies", expected.policies, Set(decision.reasons.compactMap(\.policy)))
        compare("obligations", expected.obligations, kinds(decision.obligations))
        return differences
    }

    private static func word(_ isAllowed: Bool) -> String { isAllowed ? "allow" : "deny" }

    /// The kinds that are there, by the effects of the rules that ask for them.
    private static func kinds(_ obligations: Obligations) -> Set<String> {
        var kinds: Set<String> = []
        if !obligations.redact.isEmpty { kinds.insert("redact") }
        if !obligations.limits.isEmpty { kinds.insert("limit") }
        if !obligations.approvers.isEmpty { kinds.insert("requireApproval") }
        if obligations.route != nil { kinds.insert("route") }
        return kinds
    }

    private static func reasons(_ decision: Decision) -> [String] {
        var lines = (decision.reasons + decision.warnings).map { reason in
            let rule = [reason.policy, reason.rule].compactMap(\.self).joined(separator: "/")
            let place = reason.source.map { " (\($0))" } ?? ""
            return "\(reason.code.rawValue)\(rule.isEmpty ? "" : " by \(rule)"): \(reason.message)\(place)"
        }
        lines += decision.errors.map { "a condition could not be evaluated: \($0.message) (\($0.source))" }
        lines += decision.exemptions.map { "exempt by \($0)" }
        return lines
    }
}
