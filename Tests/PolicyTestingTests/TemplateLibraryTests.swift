import Diagnostics
import Foundation
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import PolicyTesting
import Testing

/// `examples/templates`: each template has a policy that is made from it and a test that shows what it does.
@Suite struct TemplateLibraryTests {
    private struct Library {
        var governance: Governance
        var engine: PolicyEngine
    }

    private static func library(now: Int64 = 1_795_392_000) throws -> Library {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(
            "../../examples/templates")
        let snapshot = try RepositoryReader().read(directory: root.standardized.path)
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let compiled = PolicyCompiler.compile(
            snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: now)
        let wrong = (snapshot.diagnostics + compiled.diagnostics).filter { $0.severity != .note }
        #expect(wrong.isEmpty, "\(HumanRenderer(color: false, sources: snapshot.sources).render(wrong))")
        let bundle = try #require(compiled.bundle)
        return Library(governance: snapshot.governance, engine: try PolicyEngine(PolicyBundle(bytes: bundle)))
    }

    /// At 2026-11-23T00:00:00Z and ten years later.
    @Test(arguments: [1_795_392_000, 2_110_752_000]) func `the library compiles without an error or a warning`(_ now: Int64) throws {
        _ = try Self.library(now: now)
    }

    @Test func `every template has a policy, and a test in which the policy takes effect and one in which it does not`() throws {
        let library = try Self.library()
        let run = PolicyTestRun(library.governance, library.engine, now: 0)
        #expect(run.failureCount == 0, "\(PolicyTestRenderer(color: false).text(run))")
        let templates = library.governance.all(.policyTemplate)
        #expect(templates.count >= 25)
        for template in templates {
            let name = template.plainName
            let policy = library.governance.find(.policy, name)
            #expect(policy.flatMap { Policy(spec: $0.spec).template?.value } == name)
            let tests = library.governance.all(.policyTest).filter { $0.path == "tests/\(name).yaml" }
            let cases = tests.flatMap { PolicyTest(spec: $0.spec).cases }
            #expect(
                cases.contains { $0.expected.policies.contains(name) || $0.expected.obligations != .including([]) },
                "\(name) is not seen to take effect")
            #expect(
                cases.contains { $0.expected.isAllowed && $0.expected.obligations == .including([]) && $0.expected.policies.isEmpty },
                "\(name) is not seen to let anything through")
            // A template that does not say what it is for is none to choose from.
            #expect(template.spec["description"] != nil, "\(name) has no description")
        }
    }
}
