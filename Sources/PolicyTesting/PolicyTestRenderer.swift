import Diagnostics
import JSON

/// Renders what came of tests.
public struct PolicyTestRenderer: Sendable {
    /// Whether to colour with ANSI escape sequences.
    public var color: Bool

    public init(color: Bool) { self.color = color }

    /// For people: a line for each test, what is wrong with each case that has failed, and the sums.
    public func text(_ run: PolicyTestRun) -> String {
        var text = ""
        for test in run.tests {
            let failures = test.cases.filter { !$0.isPassed }
            let mark = failures.isEmpty ? paint("✓", "32") : paint("✗", "31")
            text += "\(mark) \(test.name): \(test.cases.count - failures.count) of \(Self.cases(test.cases.count)) passed\n"
            for failure in failures { text += self.text(failure) }
        }
        let failed = run.failureCount
        let sums = "\(Self.cases(run.caseCount)) in \(run.tests.count) test\(run.tests.count == 1 ? "" : "s")"
        return text + (failed == 0 ? "\(sums), all passed\n" : "\(sums), \(paint("\(failed) failed", "1;31"))\n")
    }

    private func text(_ failure: PolicyTestRun.Case) -> String {
        var text = "\n  \(paint(failure.name, "1"))\n  \(paint("-->", "34")) \(failure.span.location)\n"
        let width = failure.differences.reduce(0) { max($0, $1.what.count) } + 2
        for difference in failure.differences {
            let name = difference.what + String(repeating: " ", count: width - difference.what.count)
            text += "    \(name)expected  \(paint(difference.expected, "32"))\n"
            text += "    \(String(repeating: " ", count: width))found     \(paint(difference.found, "31"))\n"
        }
        for reason in failure.reasons { text += "    = \(reason.printable)\n" }
        return text + "\n"
    }

    private static func cases(_ count: Int) -> String { count == 1 ? "1 case" : "\(count) cases" }

    private func paint(_ text: String, _ tint: String) -> String {
        let plain = text.printable
        return color ? "\u{1b}[\(tint)m\(plain)\u{1b}[0m" : plain
    }

    /// `{passed, failed, tests: [{name, file, cases: [{name, file, line, passed, differences?, reasons?}]}], coverage?}`
    public static func json(_ run: PolicyTestRun, _ coverage: CoverageReport? = nil) -> JSONValue {
        let tests = run.tests.map { test -> JSONValue in
            ["name": .string(test.name), "file": .string(test.path), "cases": .array(test.cases.map(json))]
        }
        var object: JSONObject = [
            "passed": .int(Int64(run.caseCount - run.failureCount)), "failed": .int(Int64(run.failureCount)), "tests": .array(tests),
        ]
        object["coverage"] = coverage?.json
        return .object(object)
    }

    private static func json(_ result: PolicyTestRun.Case) -> JSONValue {
        var object: JSONObject = [
            "name": .string(result.name), "file": .string(result.span.path), "line": .int(Int64(result.span.line)),
            "passed": .bool(result.isPassed),
        ]
        if !result.isPassed {
            let differences = result.differences.map { difference -> JSONValue in
                ["what": .string(difference.what), "expected": .string(difference.expected), "found": .string(difference.found)]
            }
            object["differences"] = .array(differences)
            object["reasons"] = JSONValue(result.reasons)
        }
        return .object(object)
    }

    /// JUnit XML: a test suite for each test.
    public static func junit(_ run: PolicyTestRun) -> String {
        let suites = run.tests.map { test in JUnitReport.Suite(test.name, test.cases.map { junit($0, of: test) }) }
        return JUnitReport("charter test", suites).text
    }

    private static func junit(_ result: PolicyTestRun.Case, of test: PolicyTestRun.Test) -> JUnitReport.Case {
        let failure = result.differences.first.map { first in
            JUnitReport.Failure(
                type: first.what, message: "\(first.what): expected \(first.expected), found \(first.found)",
                text: PolicyTestRenderer(color: false).text(result))
        }
        return JUnitReport.Case(
            className: test.name, name: result.name, file: result.span.path, line: result.span.line, nanoseconds: result.nanoseconds,
            failure: failure)
    }
}
