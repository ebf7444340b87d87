/// Renders diagnostics as JUnit XML: each file is a test case, which its errors have failed.
public struct JUnitRenderer: Sendable {
    private var human: HumanRenderer
    /// Findings at least this bad fail a case; others are its output.
    private let failsOn: Severity

    public init(sources: [String: [UInt8]], failsOn: Severity) {
        human = HumanRenderer(color: false, sources: sources)
        self.failsOn = failsOn
    }

    /// - Parameters:
    ///   - files: all that were checked; those with findings are added.
    ///   - nanoseconds: how long the check took.
    public func render(_ diagnostics: [Diagnostic], files: [String], nanoseconds: Int64) -> String {
        let byFile = Dictionary(grouping: diagnostics.inReadingOrder(), by: \.span.path)
        let cases = Set(files).union(byFile.keys).sorted().map { testCase($0, byFile[$0] ?? []) }
        return JUnitReport("charter", [.init("charter validate", cases, nanoseconds: nanoseconds)]).text
    }

    private func testCase(_ path: String, _ findings: [Diagnostic]) -> JUnitReport.Case {
        let failures = findings.filter { $0.severity >= failsOn }
        let others = findings.filter { $0.severity < failsOn }
        let failure = failures.first.map { first in
            let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
            return JUnitReport.Failure(
                type: first.code.rawValue, message: "\(first.code.rawValue): \(first.message)\(more)", text: human.render(failures))
        }
        return JUnitReport.Case(
            className: "documents", name: path, file: path, failure: failure, output: others.isEmpty ? nil : human.render(others))
    }
}
