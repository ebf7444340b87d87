import Foundation
import JSON
import TestSupport
import Testing

/// `charter validate` for other tools, and `charter explain`.
@Suite struct FindingsTests {
    private static let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()

    /// The schema of SARIF, where it is at hand.
    private static let sarifSchema = SharedFiles.path("conformance/schemas/sarif-2.1.0.json")

    /// A repository whose documents are in `governance`: one has an error, one a warning.
    private func withRepository(_ body: (TestRepository, String) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository(at: folder + "/repository")
            try repository.write(
                "apiVersion: charter/v1\nkind: Organization\nmetadata: {name: acme}\nspec: {displayName: Acme, currency: USD}\n",
                to: "governance/organization.yaml")
            try repository.write(
                "apiVersion: charter/v1\nkind: Role\nmetadata: {name: reader}\nspec: {permissions: [{actions: [llm.caht], resources: [\"model:*\"]}]}\n",
                to: "governance/role.yaml")
            try repository.write(
                "apiVersion: charter/v1\nkind: User\nmetadata: {name: bob}\nspec: {email: bob@acme.example, roles: [raeder]}\n",
                to: "governance/bob.yaml")
            try body(repository, folder)
        }
    }

    private func validate(_ repository: TestRepository, _ more: String..., environment: [String: String] = [:]) throws -> Outcome {
        try CharterProgram.run(["validate", "governance"] + more, in: repository.path, environment: environment)
    }

    @Test func `people see each finding with its line, and the verdict`() throws {
        try withRepository { repository, _ in
            let outcome = try validate(repository)
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("error[CH1302]: there is no Role `raeder`\n  --> bob.yaml:4:"), "\(outcome)")
            #expect(outcome.output.contains("= help: did you mean `reader`?"))
            #expect(outcome.output.hasSuffix("not valid: 3 documents in 3 files, 1 error, 1 warning, 0 notes\n"), "\(outcome)")
            #expect(!outcome.output.contains("\u{1b}"), "what is not a terminal is not coloured")
        }
    }

    @Test func `warnings fail the check where they are asked to`() throws {
        try withRepository { repository, _ in
            try repository.replace("raeder", with: "reader", in: "governance/bob.yaml")
            #expect(try validate(repository).status == 0)
            #expect(try validate(repository, "--fail-on", "warning").status == 1)
            try repository.replace("caht", with: "chat", in: "governance/role.yaml")
            #expect(try validate(repository, "--fail-on", "warning").status == 0)
            #expect(try validate(repository, "--fail-on", "notes").status == 64)
        }
    }

    @Test func `SARIF names files as the repository does`() throws {
        try withRepository { repository, folder in
            let outcome = try validate(repository, "--format", "sarif")
            #expect(outcome.status == 1)
            let results = try outcome.json["runs"]?.arrayValue?.first?["results"]?.arrayValue ?? []
            #expect(results.map { $0["ruleId"]?.stringValue } == ["CH1302", "CH1507"])
            let places = results.map { $0["locations"]?.arrayValue?.first?["physicalLocation"]?["artifactLocation"]?["uri"]?.stringValue }
            #expect(places == ["governance/bob.yaml", "governance/role.yaml"])
        }
    }

    @Test(arguments: [["--format", "sarif"], ["--format", "github"], ["--format", "junit"]])
    func `findings of a commit have the same paths as those of its files on disk`(_ format: [String]) throws {
        try withRepository { repository, _ in
            let commit = try repository.commit("x")
            let onDisk = try CharterProgram.run(["validate", "governance"] + format, in: repository.path)
            let committed = try CharterProgram.run(["validate", "--ref", commit, "--path", "governance"] + format, in: repository.path)
            let below = try CharterProgram.run(
                ["validate", ".", "--ref", "HEAD", "--path", "governance"] + format, in: repository.path + "/governance")
            // Times differ.
            func text(_ outcome: Outcome) -> String { outcome.output.replacing(/time="[0-9.]+"/, with: "") }
            #expect(text(onDisk) == text(committed) && text(onDisk) == text(below), "\(onDisk)\n\(committed)\n\(below)")
            #expect(onDisk.status == 1 && onDisk.output.contains("governance/bob.yaml") && !onDisk.output.contains("governance/governance"))
        }
    }

    @Test(.enabled(if: sarifSchema != nil, "the schema of SARIF is not at hand")) func `SARIF is valid by its schema, whatever is found`()
        throws
    {
        let schema = try #require(Self.sarifSchema)
        let broken = Self.here.appendingPathComponent("../PolicyCompilerTests/Repositories").standardizedFileURL.path
        try TemporaryFolder.with { folder in
            let names = try FileManager.default.contentsOfDirectory(atPath: broken).filter { !$0.hasPrefix(".") }.sorted()
            #expect(names.count >= 40)
            var files: [String] = []
            for name in names {
                let outcome = try CharterProgram.run("validate", broken + "/" + name, "--format", "sarif")
                #expect(outcome.status <= 1, "\(outcome)")
                files.append("\(folder)/\(name).json")
                try outcome.output.write(toFile: "\(folder)/\(name).json", atomically: true, encoding: .utf8)
            }
            let script = Self.here.appendingPathComponent("../../deploy/check-json-schema.sh").standardizedFileURL.path
            let check = try ChildProgram([script, schema] + files, in: folder)
            #expect(try check.wait() == 0, "\(check.output)\(check.errors)")
        }
    }

    @Test func `JUnit is XML that a parser reads`() throws {
        try withRepository { repository, folder in
            let outcome = try validate(repository, "--format", "junit")
            #expect(outcome.status == 1)
            try outcome.output.write(toFile: folder + "/report.xml", atomically: true, encoding: .utf8)
            let script = """
                import sys, xml.etree.ElementTree as tree
                root = tree.parse(sys.argv[1]).getroot()
                print(root.tag, root.get("tests"), root.get("failures"))
                for case in root.iter("testcase"):
                    print(case.get("name"), *[child.tag for child in case])
                """
            let parser = try ChildProgram(["python3", "-c", script, folder + "/report.xml"], in: folder)
            #expect(try parser.wait() == 0, "\(parser.errors)")
            #expect(
                parser.output == """
                    testsuites 3 1
                    governance/bob.yaml failure
                    governance/organization.yaml
                    governance/role.yaml system-out

                    """)
        }
    }

    @Test func `a workflow gets annotations, and its step a summary`() throws {
        try withRepository { repository, folder in
            let summary = folder + "/summary.md"
            try "before\n".write(toFile: summary, atomically: true, encoding: .utf8)
            let outcome = try validate(repository, "--format", "github", environment: ["GITHUB_STEP_SUMMARY": summary])
            #expect(outcome.status == 1)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.first?.hasPrefix("::error file=governance/bob.yaml,line=4,") == true, "\(outcome)")
            #expect(lines.dropFirst().first?.hasPrefix("::warning file=governance/role.yaml,line=4,") == true)
            let text = try String(contentsOfFile: summary, encoding: .utf8)
            #expect(text.hasPrefix("before\n### not valid: 3 documents"))
            #expect(text.contains("| error | CH1302 | governance/bob.yaml:4:"))
        }
    }

    @Test func `a code is explained, with both examples`() throws {
        let outcome = try CharterProgram.run("explain", "ch1302")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("error[CH1302]: a reference to something that is not defined\n\n"))
        let (wrong, right) = (
            outcome.output.firstRange(of: "Wrong:\n\n    apiVersion"), outcome.output.firstRange(of: "Right:\n\n    apiVersion")
        )
        #expect(wrong != nil && right != nil)
        let json = try CharterProgram.run("explain", "CH1302", "--format", "json").json
        #expect(json["code"] == "CH1302" && json["wrong"]?["documents"]?.stringValue?.contains("enginer") == true)
        let all = try CharterProgram.run("explain").output.split(separator: "\n")
        #expect(all.count >= 45 && all.contains { $0.hasPrefix("CH1601  error  ") })
        let unknown = try CharterProgram.run("explain", "CH1399")
        #expect(unknown.status == 64 && unknown.errors.contains("there is no code `CH1399`"))
    }
}
