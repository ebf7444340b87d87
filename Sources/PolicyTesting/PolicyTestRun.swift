import Diagnostics
import GovernanceModel
import JSON
import PolicyEngine

/// The cases of `PolicyTest` documents, decided, and what came of them.
public struct PolicyTestRun: Sendable {
    /// One thing that is not as expected.
    public struct Difference: Sendable, Equatable {
        /// The field of `expect`, for obligations down to the value: `obligations.limit.maxOutputTokens`; or `request`.
        public var what: String
        /// Of lists, what is missing.
        public var expected: String
        /// Of lists that must be exact, what is too many.
        public var found: String

        public init(what: String, expected: String, found: String) {
            self.what = what
            self.expected = expected
            self.found = found
        }
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
    ///   - coverage: where it is recorded what the cases try, if that is asked for.
    ///   - isChosen: by the test's name and the case's.
    public init(
        _ governance: Governance, _ engine: PolicyEngine, now: Int64, coverage: PolicyCoverage? = nil,
        where isChosen: (_ test: String, _ name: String) -> Bool = { _, _ in true }
    ) {
        let session = DecisionSession(engine)
        session.trace = coverage?.trace
        for document in governance.all(.policyTest) {
            let test = PolicyTest(spec: document.spec)
            let cases = test.cases.filter { isChosen(document.plainName, $0.name.value) }
            if cases.isEmpty { continue }
            let results = cases.map { given in
                Self.decide(given, session, now: (given.now ?? test.now).map { $0 * 1_000_000_000 } ?? now, coverage)
            }
            tests.append(Test(name: document.plainName, path: document.path, cases: results))
        }
    }

    private static func decide(_ given: PolicyTest.Case, _ session: DecisionSession, now: Int64, _ coverage: PolicyCoverage?) -> Case {
        let clock = ContinuousClock()
        let start = clock.now
        var result = Case(name: given.name.value, span: given.name.span, differences: [], reasons: [], nanoseconds: 0)
        JSONWriter.bytes(given.request).withUnsafeBytes { bytes in
            do throws(RequestError) {
                try session.decode(bytes, now: now)
                session.decide()
                coverage?.record(session)
                let decision = session.decision(id: "test")
                result.differences = ExpectationCheck(given.expected, decision).differences
                if !result.isPassed { result.reasons = reasons(decision) }
            } catch {
                // Nothing is decided: a case can never expect that.
                result.differences = [Difference(what: "request", expected: "one that can be decided", found: "\(error)")]
            }
        }
        let (seconds, attoseconds) = (clock.now - start).components
        result.nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        return result
    }

    private static func reasons(_ decision: Decision) -> [String] {
        var lines = (decision.reasons + decision.warnings + decision.records).map { reason in
            let rule = [reason.policy, reason.rule].compactMap(\.self).joined(separator: "/")
            let place = reason.source.map { " (\($0))" } ?? ""
            return "\(reason.code.rawValue)\(rule.isEmpty ? "" : " by \(rule)"): \(reason.message)\(place)"
        }
        lines += decision.errors.map { "a condition could not be evaluated: \($0.message) (\($0.source))" }
        lines += decision.exemptions.map { "exempt by \($0)" }
        return lines
    }
}
