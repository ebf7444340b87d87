import Foundation
import JSON
import TestSupport
import Testing

/// The script that CI runs on GitHub and GitLab: `deploy/ci/review.sh`.
@Suite struct ReviewTests {
    private static let deploy = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../../deploy")
        .standardizedFileURL
    private static let script = deploy.appendingPathComponent("ci/review.sh").path
    private static let marker = "<!-- charter-plan -->"

    /// A repository that `charter init` has begun, at its first commit, which is `origin/main` too.
    private func withStarter(in folder: String = "", _ body: (TestRepository, String) throws -> Void) throws {
        try TemporaryFolder.with { temporary in
            let repository = try TestRepository(at: temporary + "/repository")
            let place = folder.isEmpty ? repository.path : repository.path + "/" + folder
            #expect(try CharterProgram.run("init", place, "--name", "Acme").status == 0)
            let first = try repository.commit("Begin governance as code")
            try repository.git("update-ref", "refs/remotes/origin/main", first)
            try body(repository, temporary)
        }
    }

    private func review(_ repository: TestRepository, _ settings: [String: String], script: [String] = ["bash", script]) throws -> Outcome {
        let usual = [
            "CHARTER_BIN": CharterProgram.path, "GITHUB_ACTIONS": "", "GITLAB_CI": "", "GITHUB_BASE_REF": "", "GITHUB_STEP_SUMMARY": "",
            "CI_MERGE_REQUEST_IID": "", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "", "CHARTER_REPORTS": repository.path + "/../reports",
        ]
        let child = try ChildProgram(script, in: repository.path, environment: usual.merging(settings) { $1 })
        let status = try child.wait()
        return Outcome(status: status, output: child.output, errors: child.errors)
    }

    /// What a job of a pull request is given.
    private func github(_ forge: FakeForge, _ folder: String, from head: String = "acme/governance") throws -> [String: String] {
        let event = folder + "/event.json"
        try #"{"pull_request": {"number": 12, "head": {"repo": {"full_name": "\#(head)"}}}}"#
            .write(toFile: event, atomically: true, encoding: .utf8)
        return [
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "acme/governance", "GITHUB_EVENT_PATH": event,
            "GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": folder + "/summary.md", "CHARTER_TOKEN": "secret-token",
        ]
    }

    private func report(_ folder: String, _ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/reports/\(name)", encoding: .utf8)
    }

    @Test func `a pull request gets one comment, which is kept up to date whatever comes of the change`() throws {
        try withStarter { repository, folder in
            let forge = try FakeForge()
            defer { forge.stop() }
            let job = try github(forge, folder)
            try repository.replace("> 1.00", with: "> 5.00", in: "policies/costly-requests.yaml")
            try repository.commit("looser")

            let first = try review(repository, job)
            #expect(first.status == 1, "a test of the starter has another decision now: \(first)")
            #expect(forge.comments.count == 1)
            let body = try #require(forge.comments.first?.body)
            #expect(body.hasPrefix(Self.marker + "\n## Charter: ✗ failed\n"), "\(body)")
            #expect(body.contains("| validate | ✓ | valid: 24 documents in 14 files, 0 errors, 0 warnings, 2 notes |"), "\(body)")
            #expect(
                body.contains("18 cases in 1 test, 1 failed") && body.contains("### Charter plan")
                    && body.contains("`costly-requests`: looser"))
            #expect(body.ranges(of: Self.marker).count == 1)

            // The test follows: everything passes.
            try repository.replace("inputTokens: 600000", with: "inputTokens: 900000, tags: {}", in: "tests/policies.yaml")
            try repository.replace("estimate.cost > 5.00", with: "estimate.cost > 1.50", in: "policies/costly-requests.yaml")
            let second = try review(repository, job)
            #expect(second.status == 0, "\(second)")
            #expect(forge.comments.count == 1 && forge.comments.first?.body.contains("## Charter: ✓ passed") == true)

            try repository.replace("roles: [employee]", with: "roles: [emploee]", in: "teams/teams.yaml")
            let third = try review(repository, job)
            #expect(third.status == 1 && third.output.contains("::error file=teams/teams.yaml,line="), "\(third)")
            let broken = try #require(forge.comments.first?.body)
            #expect(forge.comments.count == 1 && broken.contains("    error[CH1302]: there is no Role `emploee`\n"), "\(broken)")
            #expect(
                forge.asked.filter { !$0.hasPrefix("GET") } == [
                    "POST /repos/acme/governance/issues/12/comments", "PATCH /repos/acme/governance/issues/comments/7000",
                    "PATCH /repos/acme/governance/issues/comments/7000",
                ])
            #expect(forge.requests.allSatisfy { $0.fields["authorization"] == "Bearer secret-token" })
            let summary = try String(contentsOfFile: folder + "/summary.md", encoding: .utf8)
            #expect(summary.ranges(of: "## Charter: ").count == 3 && !summary.contains(Self.marker))
            for outcome in [first, second, third] { #expect(!"\(outcome)".contains("secret-token")) }
        }
    }

    @Test func `only a comment of its own is changed, on whatever page it is`() throws {
        try withStarter { repository, folder in
            let others = (1...149).map {
                FakeForge.Comment(id: $0, body: $0 == 3 ? Self.marker + " mine" : "+1", author: "eve", type: "User")
            }
            let forge = try FakeForge(others + [.init(id: 500, body: Self.marker + "\nold", author: "github-actions[bot]", type: "Bot")])
            defer { forge.stop() }
            #expect(try review(repository, try github(forge, folder)).status == 0)
            #expect(forge.comments.count == 150 && forge.comments[2].body == Self.marker + " mine")
            #expect(forge.comments.last?.body.contains("✓ passed") == true)
        }
    }

    @Test(arguments: [(FakeForge.Trouble(reading: 500), 0), (FakeForge.Trouble(writing: 403), 1)])
    func `a comment that cannot be written does not fail the check, and is not written twice`(_ trouble: FakeForge.Trouble, _ writes: Int)
        throws
    {
        try withStarter { repository, folder in
            let forge = try FakeForge(trouble: trouble)
            defer { forge.stop() }
            let outcome = try review(repository, try github(forge, folder))
            #expect(outcome.status == 0 && outcome.output.contains("::warning title=Charter::no comment was written"), "\(outcome)")
            #expect(forge.asked.filter { $0.hasPrefix("POST") }.count == writes)
        }
    }

    @Test func `no comment is tried from a fork, after a push, where none is wanted, or without a token`() throws {
        try withStarter { repository, folder in
            let forge = try FakeForge()
            defer { forge.stop() }
            let job = try github(forge, folder)
            #expect(try review(repository, job.merging(["CHARTER_COMMENT": "false"]) { $1 }).status == 0)
            #expect(try review(repository, job.merging(["CHARTER_TOKEN": ""]) { $1 }).status == 0)
            let fork = try review(repository, try github(forge, folder, from: "eve/governance"))
            #expect(fork.status == 0 && fork.errors.contains("comes from a fork"), "\(fork)")
            try #"{"before": "1"}"#.write(toFile: folder + "/event.json", atomically: true, encoding: .utf8)
            #expect(try review(repository, job.merging(["GITHUB_BASE_REF": ""]) { $1 }).status == 0)
            #expect(forge.asked.isEmpty)
            #expect(try String(contentsOfFile: folder + "/summary.md", encoding: .utf8).ranges(of: "## Charter: ✓").count == 4)
        }
    }

    @Test func `every part runs, and the exit code is the worst`() throws {
        try withStarter(in: "its governance") { repository, folder in
            let documents = ["CHARTER_PATH": "its governance", "CHARTER_BASE": "main"]
            let log = folder + "/decisions.jsonl"
            let request =
                #"{"subject":{"type":"user","id":"sam"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/gpt-4.1"},"context":{"inputTokens":300000,"maxOutputTokens":800}}"#
            try #"{"time":"2026-10-01T09:00:00Z","request":\#(request),"decision":{"decision":true}}"#.appending("\n")
                .write(toFile: log, atomically: true, encoding: .utf8)
            try repository.git("checkout", "--quiet", "-b", "stricter")
            try repository.replace("> 1.00", with: "> 0.50", in: "its governance/policies/costly-requests.yaml")
            let change = try repository.commit("stricter")

            let replayed = try review(repository, documents.merging(["CHARTER_DECISIONS": log]) { $1 })
            #expect(replayed.status == 0, "\(replayed)")
            let comment = try report(folder, "comment.md")
            #expect(comment.contains("| impact | ✓ |") && comment.contains("| **newly denied** | 1 | 100.00 % |"), "\(comment)")
            let limited = try review(repository, documents.merging(["CHARTER_DECISIONS": log, "CHARTER_MAX_NEW_DENIALS": "0"]) { $1 })
            #expect(try limited.status == 1 && report(folder, "comment.md").contains("| impact | ✗ (exit code 1) |"), "\(limited)")
            let destructive = try review(repository, documents.merging(["CHARTER_FAIL_ON_DESTRUCTIVE": "true"]) { $1 })
            #expect(try destructive.status == 1 && report(folder, "comment.md").contains("| plan | ✗ (exit code 1) |"), "\(destructive)")
            let usage = try review(repository, documents.merging(["CHARTER_MIN_COVERAGE": "many"]) { $1 })
            #expect(try usage.status == 64 && report(folder, "comment.md").contains("| test | ✗ (exit code 64) |"), "\(usage)")

            // A commit that is not checked out.
            try repository.git("checkout", "--quiet", "main")
            let other = try review(repository, documents.merging(["CHARTER_HEAD": change]) { $1 })
            #expect(try other.status == 0 && report(folder, "plan.md").contains("stricter"), "\(other)")
            let sarif = try JSONParser.parse(try report(folder, "charter.sarif"))
            let place = sarif["runs"]?.arrayValue?.first?["results"]?.arrayValue?.first?["locations"]?.arrayValue?.first?[
                "physicalLocation"]
            #expect(place?["artifactLocation"]?["uri"]?.stringValue?.hasPrefix("its%20governance/") == true, "\(sarif)")
            #expect(try report(folder, "coverage.info").contains("SF:"))
            #expect(try report(folder, "junit.xml").contains("<testsuites"))
        }
    }

    @Test func `names that would be commands are names`() throws {
        let name = "$(touch pwned);'\"& `touch pwned` *"
        try withStarter(in: name) { repository, folder in
            let forge = try FakeForge()
            defer { forge.stop() }
            try repository.git("update-ref", "refs/remotes/origin/x;touch${IFS}pwned;$(touch${IFS}pwned)", "HEAD")
            let test = """
                apiVersion: charter/v1
                kind: PolicyTest
                metadata: {name: hostile}
                spec:
                  cases:
                    - name: "first\\n::error::hacked\\n```\\n</details> @everyone <script>"
                      request: {subject: {type: user, id: sam}, action: {name: llm.chat}, resource: {type: model, id: openai/gpt-4.1}}
                      expect: {decision: allow, code: no-permission}

                """
            try repository.write(test, to: name + "/tests/--help;touch pwned.yaml")
            try repository.commit("hostile")
            var job = try github(forge, folder)
            job["CHARTER_PATH"] = name
            job["GITHUB_BASE_REF"] = "x;touch${IFS}pwned;$(touch${IFS}pwned)"
            let outcome = try review(repository, job)
            #expect(outcome.status == 1, "\(outcome)")
            #expect(!"\(try FileManager.default.subpathsOfDirectory(atPath: folder))".contains("\"pwned"))
            #expect(!FileManager.default.fileExists(atPath: repository.path + "/pwned"))
            #expect(forge.comments.first?.body.contains("### Charter plan") == true)

            // What a document says is shown only where commands are off.
            var word: String?
            for line in outcome.output.split(separator: "\n") {
                if let stop = line.firstMatch(of: /^::stop-commands::([0-9a-f]{32})$/) {
                    word = String(stop.1)
                } else if let open = word, line == "::\(open)::" {
                    word = nil
                }
                if line.contains("hacked") { #expect(word != nil, "\(line)") }
            }
            #expect(word == nil && outcome.output.contains("hacked"))
            let body = try #require(forge.comments.first?.body)
            for line in body.split(separator: "\n")
            where line.contains("script") || line.contains("everyone") || line.contains("hacked") || line.contains("```") {
                #expect(line.hasPrefix("    "), "\(line)")
            }

            let option = try review(repository, ["CHARTER_PATH": name, "CHARTER_BASE": "--upload-pack=touch pwned"])
            #expect(option.status == 1 && option.errors.contains("nothing is compared"), "\(option)")
            try FileManager.default.createSymbolicLink(atPath: repository.path + "/link", withDestinationPath: "/tmp")
            #expect(try review(repository, ["CHARTER_PATH": name, "CHARTER_REPORTS": "link"]).status == 64)
        }
    }

    @Test func `a comment is never longer than one may be, and tells what is missing`() throws {
        try withStarter { repository, folder in
            func roles(_ what: String) -> String {
                (1...500).map { number in
                    "apiVersion: charter/v1\nkind: Role\nmetadata: {name: role-\(number)}\nspec:\n"
                        + "  description: \(String(repeating: what, count: 40))\n  permissions: [{actions: [llm.chat], resources: [\"model:*\"]}]\n"
                }.joined(separator: "---\n")
            }
            try repository.write(roles("😀"), to: "roles/many.yaml")
            try repository.git("update-ref", "refs/remotes/origin/main", try repository.commit("many"))
            try repository.write(roles("🙂"), to: "roles/many.yaml")
            let users = (1...200).map {
                "apiVersion: charter/v1\nkind: PolicyTest\nmetadata: {name: t\($0)}\nspec: {cases: [{name: x, "
                    + "request: {subject: user:nobody, action: llm.chat, resource: \"model:openai/gpt-4.1\"}, expect: {decision: allow}}]}\n"
            }
            try repository.write(users.joined(separator: "---\n"), to: "tests/many.yaml")
            let outcome = try review(repository, ["GITHUB_BASE_REF": "main"])
            #expect(outcome.status == 1, "\(outcome.errors)")
            let body = try report(folder, "comment.md")
            #expect(body.utf16.count <= 65_536 && body.utf16.count > 55_000, "\(body.utf16.count)")
            #expect(body.ranges(of: "lines are left out").count == 2, "the tests, and the plan")
            #expect(body.ranges(of: "\n<details").count == body.ranges(of: "\n</details>").count)
        }
    }

    @Test func `a merge request gets one note, and GitLab its reports`() throws {
        try withStarter(in: "governance") { repository, folder in
            let forge = try FakeForge([.init(id: 1, body: Self.marker, author: "eve", type: "")])
            defer { forge.stop() }
            try repository.replace("name: developer", with: "name: devs", in: "governance/roles/roles.yaml")
            try repository.replace("roles: [developer]", with: "roles: [devs]", in: "governance/teams/teams.yaml")
            let job = [
                "GITLAB_CI": "true", "CI_API_V4_URL": forge.url, "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": try repository.head, "CHARTER_TOKEN": "secret-token", "CHARTER_PATH": "governance",
            ]
            for _ in 1...2 {
                let outcome = try review(repository, job)
                #expect(outcome.status == 0 && outcome.output.contains("\n100.0 % covered: "), "\(outcome)")
            }
            #expect(forge.comments.map(\.author) == ["eve", "charter-bot"] && forge.comments.first?.body == Self.marker)
            #expect(
                forge.asked.filter { $0.hasPrefix("P") } == [
                    "POST /projects/42/merge_requests/7/notes", "PUT /projects/42/merge_requests/7/notes/7001",
                ])
            #expect(forge.requests.allSatisfy { $0.fields["private-token"] == "secret-token" })

            let quality = try JSONParser.parse(try report(folder, "code-quality.json")).arrayValue ?? []
            #expect(quality.count == 2 && Set(quality.compactMap { $0["fingerprint"]?.stringValue }).count == 2)
            #expect(
                quality.allSatisfy { $0["location"]?["path"]?.stringValue?.hasPrefix("governance/") == true && $0["severity"] == "info" })
            let script =
                "import sys, xml.etree.ElementTree as tree; print(*[c.get('filename') for c in tree.parse(sys.argv[1]).iter('class')])"
            let parser = try ChildProgram(["python3", "-c", script, folder + "/reports/cobertura.xml"], in: folder)
            #expect(try parser.wait() == 0 && parser.output.contains("governance/policies/costly-requests.yaml"), "\(parser.errors)")
        }
    }

    @Test func `the action hands everything over as variables, and finds the script`() throws {
        let action = try String(contentsOf: Self.deploy.appendingPathComponent("github-action/action.yml"), encoding: .utf8)
        for line in action.split(separator: "\n") where line.contains("${{") {
            #expect(line.firstMatch(of: /^ +(default|value|CHARTER_[A-Z0-9_]+): \$\{\{ [^}]+ \}\}[a-z.\/-]*$/) != nil, "\(line)")
        }
        let start = try #require(action.range(of: "run: |\n"))
        let command = action[start.upperBound...].split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(
            separator: "\n")
        try withStarter { repository, folder in
            for place in [Self.deploy.path + "/github-action", repository.path + "/.github/actions/charter"] {
                let outcome = try review(
                    repository,
                    ["GITHUB_ACTION_PATH": place, "RUNNER_TEMP": folder, "CHARTER_COMMENT": "false", "GITHUB_BASE_REF": "main"],
                    script: ["bash", "-e", "-c", command])
                #expect(outcome.status == 0, "\(outcome)")
                #expect(FileManager.default.fileExists(atPath: folder + "/charter-reports/charter.sarif"))
                try FileManager.default.removeItem(atPath: folder + "/charter-reports")
            }
        }
    }

    @Test func `a program that is fetched needs its checksum`() throws {
        try withStarter { repository, _ in
            let outcome = try review(repository, ["CHARTER_BIN": "https://127.0.0.1:1/charter"])
            #expect(outcome.isClearFailure(64, naming: "CHARTER_SHA256"), "\(outcome)")
            #expect(try review(repository, ["CHARTER_BIN": "https://127.0.0.1:1/charter", "CHARTER_SHA256": "00"]).status == 75)
            #expect(try review(repository, ["CHARTER_BIN": "no-such-program"]).isClearFailure(64, naming: "no-such-program"))
            #expect(try review(repository, ["CHARTER_PATH": "nowhere"]).isClearFailure(64, naming: "nowhere"))
        }
    }

    private static let hasShellcheck = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: $0 + "/shellcheck") }

    @Test(.enabled(if: hasShellcheck, "shellcheck is not at hand")) func `shellcheck has nothing to say`() throws {
        let check = try ChildProgram(["shellcheck", Self.script, Self.deploy.path + "/check-schemas.sh"], in: "/tmp")
        #expect(try check.wait() == 0, "\(check.output)")
    }
}
