import Diagnostics
import Git
import GovernanceModel
import PolicyCompiler
import Testing

/// What is kept from one commit for the next makes no difference, templates included.
@Suite struct TemplateHistoryTests {
    private static func document(_ kind: String, _ name: String, _ spec: String) -> String {
        "apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec: \(spec)\n"
    }

    /// For each file, what it may hold; nil where it may be absent.
    private static let versions: [(path: String, texts: [String?])] = [
        (
            "organization.yaml",
            [document("Organization", "acme", "{displayName: Acme, currency: USD, subjectAttributes: {level: {type: int}}}")]
        ),
        (
            "ada.yaml",
            [document("User", "ada", "{email: a@b.c, roles: [staff]}"), document("User", "ada", "{email: a@b.c, roles: [staff, boss]}")]
        ),
        ("staff.yaml", [document("Role", "staff", "{}")]),
        ("boss.yaml", [document("Role", "boss", "{}"), nil]),
        ("soc2.yaml", [document("ComplianceFramework", "soc2", "{displayName: SOC 2, controls: [{id: a, title: A}]}"), nil]),
        ("team.yaml", [document("Team", "research", "{members: [{user: ada}]}"), nil]),
        (
            "template.yaml",
            [
                template("subject.attributes.level > ${most}", more: ""), template("subject.attributes.level >= ${most}", more: ""),
                template(
                    "subject.attributes.level > ${most} && ${role} in subject.roles", more: ", {name: role, type: string, references: Role}"
                ),
                template("subject.attributes.levl > ${most}", more: ""), template("subject.attributes.level > ${mots}", more: ""),
                template("subject.attributes.level > ${most}", more: ", {name: idle, type: int, default: 1}"), nil, "kind: [",
            ]
        ),
        (
            "other.yaml",
            [
                document(
                    "PolicyTemplate", "other",
                    "{policy: {type: usage, match: {not: {roles: [boss]}}, controls: [soc2/a], rules: [{name: r, effect: deny}]}}"), nil,
            ]
        ),
        (
            "a.yaml",
            [use("a", "{most: 3}"), use("a", "{most: 4}"), use("a", "{most: 3, role: boss}"), use("a", "{most: x}"), use("a", "{}"), nil]
        ),
        ("b.yaml", [use("b", "{most: 3}, match: {teams: [research]}"), use("b", "{most: 3, role: bss}"), nil]),
        (
            "c.yaml",
            [
                document("Policy", "c", "{template: {name: other}}"),
                document("Policy", "c", "{type: usage, rules: [{name: r, effect: warn}]}"), nil,
            ]
        ),
        (
            "exempt.yaml",
            [document("Exemption", "e", "{subject: 'user:ada', policies: [a], reason: r, approver: ada, expires: 2030-01-01}"), nil]
        ),
    ]

    private static func template(_ condition: String, more: String) -> String {
        document(
            "PolicyTemplate", "cap",
            """
            {parameters: [{name: most, type: int}\(more)], policy: {type: usage, rules: [{name: r, when: '\(condition)', effect: deny}]}}
            """)
    }

    private static func use(_ name: String, _ with: String) -> String {
        // What follows the values stands beside the template.
        let parts = with.split(separator: "}, ", maxSplits: 1).map(String.init)
        let own = parts.count > 1 ? ", \(parts[1])" : ""
        return document("Policy", name, "{template: {name: cap, with: \(parts[0])\(parts.count > 1 ? "}" : "")}\(own)}")
    }

    @Test func `a commit read after others is found and compiled as one that is read alone`() throws {
        let scratch = try ScratchRepository()
        var state = Self.versions.map { _ in 0 }
        var random: UInt64 = 5
        func below(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        for (path, texts) in Self.versions { if let text = texts[0] { try scratch.write(text, path) } }
        let (reader, memory) = (RepositoryReader(), CompilerMemory())
        var (good, bad) = (0, 0)
        for step in 0..<150 {
            for _ in 0..<(step == 0 ? 0 : 1 + below(2)) {
                let file = below(Self.versions.count)
                // Back to what is good more often than not, so that most commits have one mistake or none.
                state[file] = below(6) > 0 ? 0 : below(Self.versions[file].texts.count)
                if let text = Self.versions[file].texts[state[file]] {
                    try scratch.write(text, Self.versions[file].path)
                } else {
                    try scratch.git(["rm", "-q", "-f", "--ignore-unmatch", "--", Self.versions[file].path])
                }
            }
            try scratch.git(["add", "-A"])
            try scratch.git(["commit", "-q", "--allow-empty", "-m", "step"])
            let repository = try GitRepository(opening: scratch.path)
            let commit = try repository.resolve("HEAD")
            let kept = Self.compiled(try reader.read(repository, commit: commit), memory)
            let fresh = Self.compiled(try RepositoryReader().read(repository, commit: commit), CompilerMemory())
            #expect(kept.diagnostics == fresh.diagnostics, "step \(step): \(state)")
            #expect(kept.bundle == fresh.bundle, "step \(step): \(state)")
            if fresh.bundle == nil { bad += 1 } else { good += 1 }
        }
        #expect(good > 20 && bad > 20, "\(good) good, \(bad) bad")
    }

    private static func compiled(_ snapshot: RepositorySnapshot, _ memory: CompilerMemory) -> (diagnostics: [Diagnostic], bundle: [UInt8]?)
    {
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let result = PolicyCompiler.compile(
            snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: BrokenRepositoryTests.now, memory: memory)
        return (snapshot.diagnostics + result.diagnostics, result.bundle)
    }
}
