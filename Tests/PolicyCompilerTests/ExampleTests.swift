import Diagnostics
import Foundation
import GovernanceModel
import PolicyCompiler
import Testing

@Suite struct ExampleTests {
    /// At the time of the other tests, and at 2026-11-23T00:00:00Z.
    @Test(arguments: [BrokenRepositoryTests.now, 1_795_392_000]) func `the example organisation compiles without an error or a warning`(
        _ now: Int64
    ) throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(
            "../../examples/acme")
        let report = try Report(directory: root.standardized.path, now: now)
        let wrong = report.diagnostics.filter { $0.severity != .note }
        #expect(wrong.isEmpty, "\(HumanRenderer(color: false, sources: report.sources).render(wrong))")
        #expect(report.bundle != nil)
    }
}
