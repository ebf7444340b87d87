import Diagnostics
import Foundation
import GovernanceModel
import JSON
import PolicyCompiler
import Testing

/// Each folder of `Repositories` is a governance repository with a mistake, and what a person is told about it.
///
/// `CHARTER_UPDATE_GOLDEN=1` writes the expected texts anew; read the difference before keeping it.
@Suite struct BrokenRepositoryTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Repositories").path
    static let cases = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    /// 2026-06-01T00:00:00Z
    static let now: Int64 = 1_780_272_000

    @Test func `there are repositories to check`() {
        #expect(Self.cases.count >= 40)
    }

    @Test(arguments: cases) func `a broken repository is explained`(_ name: String) throws {
        let directory = Self.folder + "/" + name
        let found = try Report(directory: directory, now: Self.now)
        let golden = directory + "/expected.txt"
        if ProcessInfo.processInfo.environment["CHARTER_UPDATE_GOLDEN"] == "1" {
            try found.human.write(toFile: golden, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: golden, encoding: .utf8) == found.human)
        #expect(!found.diagnostics.isEmpty)
        #expect((found.bundle == nil) == found.diagnostics.hasErrors, "a bundle is written exactly when there is no error")
        for diagnostic in found.diagnostics {
            #expect(!diagnostic.message.contains("\n"), "a message is one line")
            #expect(diagnostic.span.line >= 1 && diagnostic.span.column >= 1 && diagnostic.span.endLine >= diagnostic.span.line)
        }
        for secret in Self.secrets {
            #expect(!found.human.contains(secret) && !found.colored.contains(secret) && !found.json.contains(secret), "a secret is shown")
        }
    }

    /// Parts of the credentials in the repositories; none is a real one.
    static let secrets = [
        "Zq4vN8", "q7Zp2Vx9Lk4T", "hunter2", "correct-horse", "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "MIIEvQIBADANBgkqhkiG9w0",
    ]

    @Test func `two runs over one repository print the same text`() throws {
        let directory = Self.folder + "/many-errors"
        let first = try Report(directory: directory, now: Self.now)
        let second = try Report(directory: directory, now: Self.now)
        #expect(first.human == second.human && first.json == second.json)
    }
}

/// All that a run says about a folder.
struct Report {
    var diagnostics: [Diagnostic]
    var bundle: [UInt8]?
    var sources: [String: [UInt8]]

    init(directory: String, now: Int64) throws {
        self.init(try RepositoryReader().read(directory: directory), now: now)
    }

    init(_ snapshot: RepositorySnapshot, now: Int64) {
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let result = PolicyCompiler.compile(
            snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: now)
        diagnostics = snapshot.diagnostics + result.diagnostics
        bundle = result.bundle
        sources = snapshot.sources
    }

    var human: String { HumanRenderer(color: false, sources: sources).render(diagnostics) }
    var colored: String { HumanRenderer(color: true, sources: sources).render(diagnostics) }
    var json: String { JSONWriter.text(.array(diagnostics.inReadingOrder().map(\.json)), style: .pretty) }
    var codes: [String] { diagnostics.inReadingOrder().map(\.code.rawValue) }
}
