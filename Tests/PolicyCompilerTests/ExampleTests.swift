import Diagnostics
import Foundation
import GovernanceModel
import PolicyCompiler
import Testing

@Suite struct ExampleTests {
    @Test func `the example organisation compiles without an error or a warning`() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(
            "../../examples/acme")
        let report = try Report(directory: root.standardized.path, now: BrokenRepositoryTests.now)
        let wrong = report.diagnostics.filter { $0.severity != .note }
        #expect(wrong.isEmpty, "\(HumanRenderer(color: false, sources: report.sources).render(wrong))")
        #expect(report.bundle != nil)
    }
}
