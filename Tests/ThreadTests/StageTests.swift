import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// The stages one by one: validate, compile, inspect, decide.
@Suite struct StageTests {
    /// Calls `body` with a fresh example repository and a folder for other files.
    private func withAcme<Value>(_ body: (TestRepository, String) throws -> Value) throws -> Value {
        try TemporaryFolder.with { folder in try body(try TestRepository.acme(at: folder + "/acme"), folder) }
    }

    @Test("every command explains itself and exits with 0, and refuses an option that it does not know with 64")
    func help() throws {
        let commands = [
            ([], []), (["up"], []), (["validate"], []), (["compile"], ["-o", "x"]), (["inspect"], ["x"]),
            (["decide"], ["x", "--request", "x"]), (["verify"], ["x", "--trusted-keys", "x"]), (["keys"], []), (["keys", "new"], []),
            (["keys", "show"], ["x"]), (["query"], []), (["query", "who"], ["x", "--action", "x", "--resource", "x:x"]),
            (["query", "what"], ["x", "--subject", "x:x", "--resource", "x:x"]),
            (["query", "which"], ["x", "--subject", "x:x", "--action", "x"]),
            (["reconcile"], []), (["drift"], []), (["serve"], ["x"]), (["bench"], []), (["bench", "thread"], []), (["schemas"], ["x"]),
        ]
        for (command, required) in commands {
            func run(_ arguments: [String]) throws -> Outcome {
                let child = try ChildProgram([CharterProgram.path] + command + arguments, in: "/tmp")
                return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            }
            let help = try run(["--help"])
            #expect(help.status == 0, "\(command) \(help)")
            #expect(help.output.contains("USAGE: charter"), "\(command) \(help)")
            let unknown = try run(required + ["--no-such-option"])
            #expect(unknown.status == 64, "\(command) \(unknown)")
            #expect(unknown.errors.contains("--no-such-option"), "\(command) \(unknown)")
            #expect(unknown.output.isEmpty, "\(command) \(unknown)")
        }
        #expect(try CharterProgram.run("conquer").status == 64)
        #expect(try CharterProgram.run("compile", "/tmp").status == 64)
        #expect(try CharterProgram.run("decide").status == 64)
        #expect(try CharterProgram.run("reconcile", "--once", "--watch").status == 64)
        #expect(try CharterProgram.run("validate", "--format", "xml").status == 64)
        #expect(try CharterProgram.run("up", "--listen", "0.0.0.0:8181").isClearFailure(64, naming: "0.0.0.0"))
        #expect(try CharterProgram.run("up", "--listen", "8181").isClearFailure(64, naming: "8181"))
        #expect(try CharterProgram.run("up", "--listen", "127.0.0.1:99999").isClearFailure(64, naming: "99999"))
    }

    @Test("validate checks the files on disk, or a commit, and exits with 1 if there are errors")
    func validate() throws {
        try withAcme { repository, _ in
            let good = try CharterProgram.run("validate", repository.path, "--format", "json")
            #expect(good.status == 0, "\(good)")
            #expect(try good.json["valid"] == true)
            #expect(try good.json["diagnostics"]?.arrayValue?.contains { $0["severity"] == "error" } == false)
            #expect(try CharterProgram.run("validate", in: repository.path).output.contains("\nvalid: "))

            // Not committed: the files have an error, the commit has none.
            try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
            try repository.replace("estimate.cost >", with: "estimate.cots >", in: "policies/costly-requests-need-approval.yaml")
            let bad = try CharterProgram.run("validate", repository.path)
            #expect(bad.status == 1)
            #expect(bad.output.contains("--> users/ada.yaml:6:3"), "\(bad)")
            #expect(bad.output.contains("--> policies/costly-requests-need-approval.yaml:19:19"), "\(bad)")
            #expect(bad.output.contains("not valid: "))
            let json = try CharterProgram.run("validate", repository.path, "--format", "json")
            #expect(json.status == 1)
            #expect(try json.json["valid"] == false)
            let errors = try #require(try json.json["diagnostics"]?.arrayValue).filter { $0["severity"] == "error" }
            #expect(errors.contains { $0["file"] == "users/ada.yaml" && $0["line"] == 6 && $0["column"] == 3 })
            #expect(errors.contains { $0["help"] == "did you mean `cost`?" }, "\(errors)")
            #expect(try CharterProgram.run("validate", repository.path, "--ref", "HEAD").status == 0)
            let commit = try repository.commit("Make mistakes")
            #expect(try CharterProgram.run("validate", repository.path, "--ref", commit).status == 1)
            #expect(try CharterProgram.run("validate", repository.path, "--ref", "HEAD~1").status == 0)
            #expect(try CharterProgram.run("validate", repository.path, "--ref", "nowhere").isClearFailure(1, naming: "nowhere"))
        }
        #expect(try CharterProgram.run("validate", "/nonexistent/folder").isClearFailure(1, naming: "/nonexistent/folder"))
    }

    @Test("compile gives the same bytes in two runs and in two clones, and no file for a commit with errors")
    func compile() throws {
        try withAcme { repository, folder in
            try repository.git("clone", "--quiet", "--bare", repository.path, folder + "/clone.git")
            var bundles: [Data] = []
            for (place, zone) in [(repository.path, "UTC"), (repository.path, "Asia/Tokyo"), (folder + "/clone.git", "UTC")] {
                let file = folder + "/bundle-\(bundles.count)"
                let made = try CharterProgram.run("compile", place, "-o", file, "--format", "json", environment: ["TZ": zone])
                #expect(made.status == 0, "\(made)")
                let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
                #expect(try made.json["bytes"] == .int(Int64(bytes.count)))
                #expect(try made.json["commit"]?.stringValue == repository.head)
                bundles.append(bytes)
            }
            #expect(Set(bundles).count == 1)

            try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
            try repository.commit("Make a mistake")
            let bad = try CharterProgram.run("compile", repository.path, "-o", folder + "/bad")
            #expect(bad.isClearFailure(1, naming: "no bundle was written"), "\(bad)")
            #expect(bad.errors.contains("--> users/ada.yaml:6:3"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/bad"))
            let earlier = try CharterProgram.run("compile", repository.path, "--ref", "HEAD~1", "-o", folder + "/earlier")
            #expect(earlier.status == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/earlier")) == bundles[0])
            let nowhere = try CharterProgram.run("compile", repository.path, "--ref", "HEAD~1", "-o", folder + "/no/such/folder/bundle")
            #expect(nowhere.isClearFailure(1, naming: "/no/such/folder/bundle"), "\(nowhere)")
            let onFolder = try CharterProgram.run("compile", repository.path, "--ref", "HEAD~1", "-o", folder)
            #expect(onFolder.isClearFailure(1, naming: folder), "\(onFolder)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasSuffix(".new") })
        }
    }

    @Test("inspect shows what is in a bundle, and refuses every file that is none")
    func inspect() throws {
        try withAcme { repository, folder in
            let file = folder + "/bundle"
            let made = try CharterProgram.run("compile", repository.path, "-o", file, "--format", "json")
            let human = try CharterProgram.run("inspect", file)
            #expect(human.status == 0)
            #expect(human.output.contains(try made.json["digest"]?.stringValue ?? "?"))
            #expect(human.output.contains("costly-requests-need-approval (cost, 2 rules)  policies/costly-requests-need-approval.yaml:"))
            let json = try CharterProgram.run("inspect", file, "--format", "json").json
            #expect(json["organization"] == "acme")
            #expect(json["models"] == 47)
            #expect(try json["commit"]?.stringValue == repository.head)

            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            var otherVersion = bytes
            otherVersion[8] = 99
            var oneBit = bytes
            oneBit[bytes.count / 2] ^= 1
            let files: [(name: String, bytes: [UInt8], says: String)] =
                [
                    ("text", Array("hello".utf8), "bundle"), ("empty", [], "bundle"), ("other", otherVersion, "version"),
                    ("bit", oneBit, "damaged"), ("longer", bytes + [0], "bundle"), ("zeros", [UInt8](repeating: 0, count: 4096), "bundle"),
                ] + [8, 63, 64, 100, bytes.count / 2, bytes.count - 1].map { ("truncated-\($0)", Array(bytes[..<$0]), "bundle") }
            for bad in files {
                let place = folder + "/" + bad.name
                try Data(bad.bytes).write(to: URL(fileURLWithPath: place))
                for command in ["inspect", "serve", "decide"] {
                    var arguments = [CharterProgram.path, command, place]
                    if command == "decide" { arguments += ["--request", "-"] }
                    if command == "serve" { arguments += ["--listen", "127.0.0.1:0"] }
                    let child = try ChildProgram(arguments, in: folder, input: JSONWriter.bytes(Requests.everyday))
                    let outcome = Outcome(status: try child.wait(), output: child.output, errors: child.errors)
                    #expect(outcome.isClearFailure(1, naming: bad.says), "\(command) \(bad.name): \(outcome)")
                    #expect(outcome.output.isEmpty, "\(command) \(bad.name)")
                }
            }
            #expect(try CharterProgram.run("inspect", folder + "/none").isClearFailure(1, naming: "none"))
            let onFolder = try CharterProgram.run("inspect", folder)
            #expect(onFolder.isClearFailure(1, naming: folder), "\(onFolder)")
        }
    }

    @Test("decide answers from a file or standard input at any time, and names the field of a request that it cannot read")
    func decide() throws {
        try withAcme { repository, folder in
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", repository.path, "-o", bundle).status == 0)
            let file = folder + "/request.json"
            try JSONWriter.text(Requests.costly).write(toFile: file, atomically: true, encoding: .utf8)
            let denied = try CharterProgram.run("decide", bundle, "--request", file)
            #expect(denied.status == 0, "\(denied)")
            #expect(denied.output.hasPrefix("denied\n  because: about $0.8 needs an approver\n"))
            #expect(denied.output.contains("soc2/CC6.1 · policies/costly-requests-need-approval.yaml:"))
            func decide(_ input: String, _ more: [String] = []) throws -> Outcome {
                let child = try ChildProgram(
                    [CharterProgram.path, "decide", bundle, "--request", "-"] + more, in: folder, input: Array(input.utf8))
                return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            }
            let everyday = JSONWriter.text(Requests.everyday)
            #expect(try decide(everyday, ["--format", "json"]).json["decision"] == true)
            #expect(try decide(everyday, ["--now", "2026-09-01T09:00:00Z"]).output.hasPrefix("allowed\n"))
            #expect(try decide(everyday, ["--now", "yesterday"]).isClearFailure(64, naming: "yesterday"))
            for (input, field) in [
                ("", "JSON"), ("{", "JSON"), ("[]", "object"), ("{}", "`/subject` is missing"),
                (#"{"subject":{"type":"user"}}"#, "`/subject/id` is missing"), (#"{"subject":{"type":"user","id":7}}"#, "`/subject/id`"),
                (JSONWriter.text(Requests.chat(input: -1)), "`/context/inputTokens`"),
            ] {
                let outcome = try decide(input)
                #expect(outcome.isClearFailure(1, naming: field), "\(input): \(outcome)")
                #expect(outcome.output.isEmpty)
            }
            #expect(try CharterProgram.run("decide", bundle, "--request", folder + "/none").isClearFailure(1, naming: "none"))
            #expect(try CharterProgram.run("decide", bundle, "--request", folder).isClearFailure(1, naming: folder))
            #expect(try CharterProgram.run("decide", folder + "/none", "--request", file).isClearFailure(1, naming: "none"))
        }
    }

    @Test("a request decided in the text of a terminal cannot write control characters to it")
    func controlCharacters() throws {
        try withAcme { repository, folder in
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", repository.path, "-o", bundle).status == 0)
            let request = JSONWriter.text(Requests.chat("a\u{1B}[2Jb\u{0}c"))
            let outcome = try CharterProgram.run("decide", bundle, "--request", "-", input: request)
            #expect(outcome.status == 0)
            #expect(outcome.output.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }, "\(outcome)")
        }
    }

    @Test("schemas writes a JSON Schema for every kind")
    func schemas() throws {
        try TemporaryFolder.with { folder in
            let outcome = try CharterProgram.run("schemas", folder)
            #expect(outcome.status == 0, "\(outcome)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.contains("charter.json"))
            #expect(names.count > 15)
            for name in names {
                let schema = try JSONParser.parse(Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))))
                #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", "\(name)")
            }
            #expect(try CharterProgram.run("schemas", folder + "/none").isClearFailure(1, naming: "none"))
        }
    }

    @Test("serve answers from a bundle alone, and stops on Ctrl-C and on a polite kill")
    func serve() throws {
        try withAcme { repository, folder in
            #expect(try CharterProgram.run("compile", repository.path, "-o", folder + "/bundle").status == 0)
            for stop in [SIGINT, SIGTERM] {
                let charter = try RunningCharter(["serve", folder + "/bundle", "--listen", "127.0.0.1:0"])
                let client = try charter.client()
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                #expect(try client.check("database") == "none")
                charter.program.signal(stop)
                #expect(try charter.program.wait() == 0)
            }
            let taken = try LoopbackListener()
            let outcome = try CharterProgram.run("serve", folder + "/bundle", "--listen", "127.0.0.1:\(taken.port)")
            #expect(outcome.isClearFailure(75, naming: "\(taken.port)"), "\(outcome)")
        }
    }
}
