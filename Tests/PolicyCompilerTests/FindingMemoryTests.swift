import Diagnostics
import Foundation
import GovernanceModel
import PolicyCompiler
import Testing

/// What is kept from version to version changes no finding.
@Suite struct FindingMemoryTests {
    private static let repositories = [
        "condition-constant", "condition-cost", "condition-values", "ended-model-in-use", "policies-idle", "rules-shadowed",
    ]

    /// The files of one version: texts by path. What two versions have in common is parsed once, as a repository's reader does.
    private struct Versions {
        private var parsed: [String: ParsedFile] = [:]

        mutating func link(_ files: [String: String]) -> (governance: Governance, diagnostics: [Diagnostic]) {
            let all = files.sorted { $0.key < $1.key }.map { path, text in
                let key = path + "\n" + text
                let file = parsed[key] ?? DocumentReader.read(Array(text.utf8), path: path)
                parsed[key] = file
                return file
            }
            return Governance.link(all)
        }
    }

    private static func files(_ name: String) throws -> [String: String] {
        let folder = BrokenRepositoryTests.folder + "/" + name
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        return try names.reduce(into: [:]) { $0[$1] = try String(contentsOfFile: folder + "/" + $1, encoding: .utf8) }
    }

    /// Changes by which findings come and go that are about other documents than the changed one.
    private static func versions(_ files: [String: String]) -> [[String: String]] {
        func replacing(_ old: String, _ new: String) -> [String: String] { files.mapValues { $0.replacingOccurrences(of: old, with: new) } }
        var longer = files
        longer["organization.yaml"] = "# a line more\n" + (files["organization.yaml"] ?? "")
        return [
            files, replacing("openai/gpt-5.4", "openai/gpt-5.5"), files, replacing("roles: [approver]", "roles: [engineer]"),
            replacing("disabled: true", "disabled: false"), longer, files, replacing("name: approver}", "name: apporver}"),
            replacing("enforcement: warning", "enforcement: strict"), replacing("tags: [premium]", "tags: [premum]"), files,
            replacing("expires: 2099", "expires: 2019"), replacing("steps: 100000", "steps: 1000000"),
            replacing("values: [public, internal, secret]", "values: [public, intern]"), files,
        ]
    }

    @Test(arguments: repositories) func `findings are the same with what was kept of other versions and without`(_ name: String) throws {
        let memory = CompilerMemory()
        var versions = Versions()
        var differing: Set<[Diagnostic]> = []
        for (number, files) in Self.versions(try Self.files(name)).enumerated() {
            let (governance, diagnostics) = versions.link(files)
            func findings(_ memory: CompilerMemory) -> [Diagnostic] {
                PolicyCompiler.compile(
                    governance, origin: nil, isLinked: !diagnostics.hasErrors, now: BrokenRepositoryTests.now, memory: memory
                ).diagnostics
            }
            let fresh = findings(CompilerMemory())
            #expect(findings(memory) == fresh, "version \(number)")
            differing.insert(fresh)
        }
        #expect(differing.count > 1, "no change made a difference")
    }
}
