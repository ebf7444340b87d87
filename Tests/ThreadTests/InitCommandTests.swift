import Foundation
import JSON
import TestSupport
import Testing

/// `charter init`.
@Suite struct InitCommandTests {
    private static let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../..")
        .standardizedFileURL

    private func files(_ folder: String) throws -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder) && !isFolder.boolValue
        }.filter { !$0.hasPrefix(".git/") }.sorted()
    }

    @Test(arguments: [
        [], ["--currency", "EUR", "--ci", "gitlab"], ["--name", "A \"quoted\": name # with $(signs) & __currency__", "--ci", "none"],
    ])
    func `a new repository is valid without a warning, and its tests pass and leave nothing untried`(_ options: [String]) throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/acme"
            let made = try CharterProgram.run(["init", path] + options)
            #expect(made.status == 0 && made.errors.isEmpty, "\(made)")
            let valid = try CharterProgram.run("validate", path, "--fail-on", "warning")
            #expect(valid.status == 0 && valid.output.contains("0 errors, 0 warnings"), "\(valid)")
            let tested = try CharterProgram.run("test", path, "--min-coverage", "100")
            #expect(tested.status == 0 && tested.output.contains("all passed"), "\(tested)")

            let repository = TestRepository(existing: path)
            #expect(try repository.git("symbolic-ref", "HEAD") == "refs/heads/main")
            try repository.commit("Begin governance as code")
            try repository.replace("> 1.00", with: "> 5.00", in: "policies/costly-requests.yaml")
            let plan = try CharterProgram.run("plan", in: path)
            #expect(plan.status == 0 && plan.output.contains("~ Policy/costly-requests: looser"), "\(plan)")
            #expect(plan.output.contains("2 subjects gain access"))
        }
    }

    @Test func `what is written is told, is tidy, and names a schema that is there`() throws {
        try TemporaryFolder.with { folder in
            let made = try CharterProgram.run("init", folder + "/acme", "--format", "json")
            let written = try made.json["written"]?.arrayValue?.compactMap(\.stringValue).sorted()
            let files = try files(folder + "/acme")
            #expect(written == files)
            #expect(files.contains(".github/workflows/charter.yml") && files.contains(".vscode/settings.json"))
            for file in files {
                let text = try String(contentsOfFile: "\(folder)/acme/\(file)", encoding: .utf8)
                #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"), "\(file)")
                #expect(!text.contains(" \n") && !text.contains("\t"), "\(file)")
                #expect(text.firstMatch(of: /__[a-zA-Z]+__/) == nil, "\(file)")
                if file.hasSuffix(".json") { #expect(throws: Never.self) { try JSONParser.parse(text, depthLimit: 100) } }
                guard file.hasSuffix(".yaml"), !file.hasPrefix(".") else { continue }
                let mark = "# yaml-language-server: $schema="
                let first = try #require(text.split(separator: "\n").first)
                #expect(first.hasPrefix(mark), "\(file)")
                let place = URL(fileURLWithPath: "\(folder)/acme/\(file)").deletingLastPathComponent()
                let schema = try JSONParser.parse(
                    String(contentsOf: place.appendingPathComponent(String(first.dropFirst(mark.count))), encoding: .utf8), depthLimit: 100)
                let kinds = text.matches(of: /(?m)^kind: (\w+)$/).map { String($0.1) }
                #expect(!kinds.isEmpty && kinds.allSatisfy { $0 == schema["title"]?.stringValue }, "\(file)")
            }
        }
    }

    @Test func `no file that is there is overwritten`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository(at: folder + "/acme")
            try repository.write("mine\n", to: "README.md")
            try FileManager.default.createSymbolicLink(atPath: repository.path + "/.gitignore", withDestinationPath: "nowhere")
            let refused = try CharterProgram.run("init", repository.path)
            #expect(refused.isClearFailure(1, naming: "2 files are there already"), "\(refused)")
            #expect(refused.errors.contains("\n  README.md\n  .gitignore\n"), "\(refused)")
            #expect(try files(repository.path) == ["README.md"])

            let kept = try CharterProgram.run("init", repository.path, "--keep")
            #expect(kept.status == 0 && kept.output.contains("Left as they were:\n\n  .gitignore\n  README.md\n"), "\(kept)")
            #expect(try repository.read("README.md") == "mine\n")
            #expect(!FileManager.default.fileExists(atPath: repository.path + "/nowhere"))
            #expect(try CharterProgram.run("validate", repository.path).status == 0)
            #expect(try CharterProgram.run("init", repository.path, "--keep").output.hasSuffix("nothing was written.\n"))
        }
    }

    @Test func `nothing is written through a link, or where a file stands for a folder`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository(at: folder + "/acme")
            try FileManager.default.createDirectory(atPath: folder + "/elsewhere", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: repository.path + "/policies", withDestinationPath: "../elsewhere")
            #expect(try CharterProgram.run("init", repository.path, "--keep").isClearFailure(1, naming: "policies` is not a folder"))
            #expect(try files(folder + "/elsewhere").isEmpty && !FileManager.default.fileExists(atPath: repository.path + "/roles"))
            #expect(try CharterProgram.run("init", repository.path + "/.git/HEAD").status == 1)
        }
    }

    @Test func `in a folder of a repository the documents are there, and what tools look for is at its root`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository(at: folder + "/mono")
            let outcome = try CharterProgram.run("init", "its governance", in: repository.path)
            #expect(outcome.status == 0 && outcome.output.contains("  charter validate 'its governance'\n"), "\(outcome)")
            let files = try files(repository.path)
            #expect(files.contains("its governance/.schemas/Policy.json") && files.contains("its governance/README.md"))
            #expect(files.contains(".pre-commit-config.yaml") && files.contains(".github/actions/charter/review.sh"))
            #expect(!FileManager.default.fileExists(atPath: repository.path + "/its governance/.git"))
            #expect(try repository.read(".github/workflows/charter.yml").contains("          path: \"its governance\"\n"))
            #expect(try repository.read(".pre-commit-config.yaml").contains("        files: \"^its governance/.*\\\\.ya?ml$\"\n"))
            let settings = try JSONParser.parse(try repository.read(".vscode/settings.json"))
            let places = settings["yaml.schemas"]?["./its governance/.schemas/charter.json"]?.arrayValue
            #expect(places?.contains("its governance/policies/**/*.yaml") == true)
        }
    }

    @Test func `scripts are those of this repository, and can be run`() throws {
        try TemporaryFolder.with { folder in
            let hub = try CharterProgram.run("init", folder + "/hub", "--no-git")
            #expect(hub.status == 0, "\(hub)")
            #expect(try CharterProgram.run("init", folder + "/lab", "--ci", "gitlab").status == 0)
            #expect(!FileManager.default.fileExists(atPath: folder + "/hub/.git"))
            for (written, own) in [
                ("hub/.github/actions/charter/action.yml", "deploy/github-action/action.yml"),
                ("hub/.github/actions/charter/review.sh", "deploy/ci/review.sh"),
                ("lab/.gitlab/charter/charter.gitlab-ci.yml", "deploy/gitlab/charter.gitlab-ci.yml"),
                ("lab/.gitlab/charter/review.sh", "deploy/ci/review.sh"),
            ] {
                let path = "\(folder)/\(written)"
                #expect(
                    try FileManager.default.contents(atPath: path) == Data(contentsOf: Self.sources.appendingPathComponent(own)),
                    "\(written)")
                #expect(FileManager.default.isExecutableFile(atPath: path) == written.hasSuffix(".sh"), "\(written)")
            }
        }
    }

    @Test(arguments: [
        ("Acme", "acme"), ("Acme Corp.", "acme-corp"), ("Bäckerei Müller", "backerei-muller"), ("--x--y--", "x-y"), ("1. FC", "1-fc"),
    ])
    func `the name in documents is made of the name for people`(_ title: String, _ name: String) throws {
        try TemporaryFolder.with { folder in
            #expect(try CharterProgram.run("init", folder + "/o", "--name=\(title)").status == 0)
            let text = try String(contentsOfFile: folder + "/o/organization.yaml", encoding: .utf8)
            #expect(text.contains("\n  name: \(name)\n") && text.contains("\n  displayName: \"\(title)\"\n"), "\(text)")
        }
    }

    @Test(arguments: [
        ["--name", "***"], ["--name", ""], ["--name", "a\nb"], ["--name", String(repeating: "a", count: 129)], ["--currency", "eur"],
        ["--currency", "EURO"], ["--ci", "jenkins"],
    ])
    func `what no repository can be made for is refused`(_ options: [String]) throws {
        try TemporaryFolder.with { folder in
            let outcome = try CharterProgram.run(["init", folder + "/o"] + options)
            #expect(outcome.status == 64, "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/o"))
        }
    }
}
