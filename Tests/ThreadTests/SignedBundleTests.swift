import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// Signing a bundle, and every command that asks for the signature.
@Suite struct SignedBundleTests {
    /// Calls `body` with a small repository, a maker of keys and the path for a bundle.
    private func withRepository<Value>(_ body: (TestRepository, SigningKeys, String) throws -> Value) throws -> Value {
        try TemporaryFolder.with { folder in
            try body(try TestRepository.todo(at: folder + "/repository"), SigningKeys(folder: folder), folder + "/bundle")
        }
    }

    private static let request =
        #"{"subject":{"type":"user","id":"beth"},"action":{"name":"can_read_todos"},"resource":{"type":"todo","id":"1"}}"#

    /// Runs every command that reads a bundle, asking for a signature.
    private func all(_ bundle: String, _ options: [String]) throws -> [(command: String, outcome: Outcome)] {
        try ["verify", "inspect", "decide", "query", "serve"].map { command in
            var arguments = [CharterProgram.path, command] + (command == "query" ? ["who"] : []) + [bundle] + options
            if command == "query" { arguments += ["--action", "can_read_todos", "--resource", "todo:1"] }
            if command == "decide" { arguments += ["--request", "-"] }
            if command == "serve" { arguments += ["--listen", "127.0.0.1:0"] }
            let child = try ChildProgram(arguments, in: "/tmp", input: Array(Self.request.utf8))
            return (command, Outcome(status: try child.wait(), output: child.output, errors: child.errors))
        }
    }

    @Test("keys new makes a key that keys show knows again, and overwrites nothing; the secret is never shown")
    func keys() throws {
        try TemporaryFolder.with { folder in
            let made = try CharterProgram.run(
                "keys", "new", "--output", "prod", "--comment", "build machine", "--format", "json", in: folder)
            #expect(made.status == 0, "\(made)")
            let secret = try String(contentsOfFile: folder + "/prod.key", encoding: .utf8)
            let hidden = secret.split(separator: "\n")[1]
            #expect(try FileManager.default.attributesOfItem(atPath: folder + "/prod.key")[.posixPermissions] as? Int == 0o600)
            #expect(try made.json["privateKey"] == "prod.key" && made.json["publicKey"] == "prod.pub")
            #expect(try made.json["trustedKey"]?["comment"] == "build machine")
            let id = try #require(try made.json["keyid"]?.stringValue)
            for file in ["prod.key", "prod.pub"] {
                let human = try CharterProgram.run("keys", "show", file, in: folder)
                #expect(human.status == 0 && human.output.contains(id) && !human.output.contains(hidden), "\(human)")
                let json = try CharterProgram.run("keys", "show", file, "--format", "json", in: folder).json
                #expect(try json["trustedKey"]?["publicKey"] == made.json["trustedKey"]?["publicKey"])
            }
            #expect(!made.output.contains(hidden))
            let again = try CharterProgram.run("keys", "new", "--output", "prod", in: folder)
            #expect(again.isClearFailure(1, naming: "prod.key"), "\(again)")
            #expect(try String(contentsOfFile: folder + "/prod.key", encoding: .utf8) == secret)
            let human = try CharterProgram.run("keys", "new", in: folder)
            #expect(human.status == 0 && human.output.contains("charter.key") && human.output.contains("publicKey"), "\(human)")
            for (name, text) in [("empty", ""), ("text", "hello"), ("cut", String(secret.dropLast(40)))] {
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
                #expect(try CharterProgram.run("keys", "show", name, in: folder).isClearFailure(1, naming: name))
            }
            #expect(try CharterProgram.run("keys", "show", "none", in: folder).isClearFailure(1, naming: "none"))
        }
    }

    @Test("a bundle that is signed as it is compiled is verified, decided from, inspected and served")
    func good() throws {
        try withRepository { repository, keys, bundle in
            let key = try keys.make("a")
            let made = try CharterProgram.run("compile", repository.path, "-o", bundle, "--sign-key", key, "--format", "json")
            #expect(made.status == 0, "\(made)")
            #expect(try made.json["signature"]?["file"]?.stringValue == bundle + ".dsse.json")
            #expect(try made.json["signature"]?["keyids"] == [.string(keys.id(key))])
            let trusted = try keys.trust((key, ["comment": "build machine"]))

            let verified = try CharterProgram.run("verify", bundle, "--trusted-keys", trusted, "--format", "json")
            #expect(verified.status == 0, "\(verified)")
            let json = try verified.json
            #expect(try json["verified"] == true && json["keyid"]?.stringValue == keys.id(key) && json["comment"] == "build machine")
            #expect(try json["commit"]?.stringValue == repository.head)
            #expect(try json["tree"]?.stringValue == repository.git("rev-parse", "HEAD^{tree}"))
            #expect(try json["digest"] == made.json["digest"])
            #expect(json["compiler"]?.stringValue?.isEmpty == false && json["policyTests"] == "NOT_RUN")
            #expect(json["signed"]?.stringValue?.hasSuffix("Z") == true)
            let human = try CharterProgram.run("verify", bundle, "--trusted-keys", trusted)
            #expect(try human.status == 0 && human.output.hasPrefix("verified\n") && human.output.contains(repository.head), "\(human)")

            #expect(try CharterProgram.run("inspect", bundle, "--trusted-keys", trusted).status == 0)
            let decided = try CharterProgram.run("decide", bundle, "--trusted-keys", trusted, "--request", "-", input: Self.request)
            #expect(decided.status == 0 && decided.output.hasPrefix("allowed\n"), "\(decided)")
            let charter = try RunningCharter(["serve", bundle, "--trusted-keys", trusted, "--listen", "127.0.0.1:0"])
            #expect(try charter.client().decide(try JSONParser.parse(Self.request)).json["decision"] == true)
            charter.program.signal(SIGTERM)
            #expect(try charter.program.wait() == 0)
        }
    }

    @Test("an unsigned bundle and a wrongly signed one are refused by every command that asks for the signature")
    func refused() throws {
        try withRepository { repository, keys, bundle in
            let (key, stranger) = (try keys.make("a"), try keys.make("b"))
            #expect(try CharterProgram.run("compile", repository.path, "-o", bundle, "--sign-key", key).status == 0)
            let trusted = try keys.trust((key, [:]))
            let other = try keys.trust((stranger, [:]), as: "other.json")
            let expired = try keys.trust((key, ["notAfter": "2020-01-01T00:00:00Z"]), as: "expired.json")
            let future = try keys.trust((key, ["notBefore": "2100-01-01T00:00:00Z"]), as: "future.json")

            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bundle)))
            let envelope = try String(contentsOfFile: bundle + ".dsse.json", encoding: .utf8)
            func place(_ name: String, _ bytes: [UInt8], _ envelope: String?) throws -> String {
                let path = keys.folder + "/" + name
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                try envelope?.write(toFile: path + ".dsse.json", atomically: true, encoding: .utf8)
                return path
            }
            var changed = bytes
            changed[bytes.count / 2] ^= 1
            try repository.replace("Reads people", with: "Sees people", in: "roles.yaml")
            try repository.commit("Say it in other words")
            let newer = keys.folder + "/newer"
            #expect(try CharterProgram.run("compile", repository.path, "-o", newer).status == 0)
            let newerBytes = Array(try Data(contentsOf: URL(fileURLWithPath: newer)))

            let cases: [(bundle: String, trusted: String, reason: String)] = [
                (try place("unsigned", bytes, nil), trusted, "unsigned"), (bundle, other, "untrusted"), (bundle, expired, "keyNotValid"),
                (bundle, future, "keyNotValid"), (try place("changed", changed, envelope), trusted, "otherBundle"),
                (try place("pasted", newerBytes, envelope), trusted, "otherBundle"),
                (try place("longer", bytes + [0], envelope), trusted, "otherBundle"),
                (try place("empty", bytes, ""), trusted, "malformed"), (try place("none", bytes, "{}"), trusted, "malformed"),
                (try place("cut", bytes, String(envelope.dropLast(10))), trusted, "malformed"),
                (try place("retyped", bytes, envelope.replacing("in-toto+json", with: "other+json")), trusted, "untrusted"),
            ]
            for (path, trusted, reason) in cases {
                for (command, outcome) in try all(path, ["--trusted-keys", trusted]) {
                    #expect(outcome.isClearFailure(1, naming: path), "\(command) \(reason): \(outcome)")
                    #expect(outcome.output.isEmpty, "\(command) \(reason)")
                }
                let json = try CharterProgram.run("verify", path, "--trusted-keys", trusted, "--format", "json")
                #expect(try json.status == 1 && json.json["verified"] == false && json.json["reason"]?.stringValue == reason, "\(json)")
            }
            for name in ["unsigned", "pasted"] {
                #expect(try CharterProgram.run("inspect", "\(keys.folder)/\(name)").status == 0, "no signature was asked for")
            }
            for (command, outcome) in try all(keys.folder + "/missing", ["--trusted-keys", trusted]) {
                #expect(outcome.isClearFailure(1, naming: "missing"), "\(command): \(outcome)")
            }
            for bad in ["", "{}", "[]", #"[{"publicKey": "x"}]"#] {
                try bad.write(toFile: keys.folder + "/bad.json", atomically: true, encoding: .utf8)
                for (command, outcome) in try all(bundle, ["--trusted-keys", keys.folder + "/bad.json"]) {
                    #expect(outcome.isClearFailure(1, naming: "bad.json"), "\(command) `\(bad)`: \(outcome)")
                }
            }
        }
    }

    @Test("while keys are rotated, old and new verifiers accept a bundle that both have signed")
    func rotation() throws {
        try withRepository { repository, keys, bundle in
            let (old, new) = (try keys.make("old"), try keys.make("new"))
            let made = try CharterProgram.run(
                "compile", repository.path, "-o", bundle, "--sign-key", old, "--sign-key", new, "--format", "json")
            #expect(try made.json["signature"]?["keyids"] == [.string(keys.id(old)), .string(keys.id(new))])
            for trusted in [
                try keys.trust((old, [:])), try keys.trust((new, [:])), try keys.trust((old, [:]), (new, [:])),
                try keys.trust((old, ["notAfter": "2020-01-01T00:00:00Z"]), (new, [:])),
            ] {
                #expect(try CharterProgram.run("verify", bundle, "--trusted-keys", trusted).status == 0)
            }
            let ended = try keys.trust((old, ["notAfter": "2100-01-01T00:00:00Z"]))
            func verify(_ time: String) throws -> Outcome {
                try CharterProgram.run("verify", bundle, "--trusted-keys", ended, "--now", time)
            }
            #expect(try verify("2099-12-31T00:00:00Z").status == 0)
            #expect(try verify("2100-01-02T00:00:00Z").isClearFailure(1, naming: "2100-01-01T00:00:00Z"))
            #expect(try verify("tomorrow").isClearFailure(64, naming: "tomorrow"))
        }
    }

    @Test("the signature goes where it is asked to, and without it nothing is written")
    func places() throws {
        try withRepository { repository, keys, bundle in
            let key = try keys.make("a")
            let trusted = try keys.trust((key, [:]))
            let place = keys.folder + "/elsewhere.json"
            let made = try CharterProgram.run("compile", repository.path, "-o", bundle, "--sign-key", key, "--signature", place)
            #expect(made.status == 0 && made.output.contains(place), "\(made)")
            #expect(!FileManager.default.fileExists(atPath: bundle + ".dsse.json"))
            #expect(try CharterProgram.run("verify", bundle, "--trusted-keys", trusted).status == 1)
            #expect(try CharterProgram.run("verify", bundle, "--trusted-keys", trusted, "--signature", place).status == 0)
            #expect(try CharterProgram.run("inspect", bundle, "--trusted-keys", trusted, "--signature", place).status == 0)

            let again = keys.folder + "/again"
            let nowhere = keys.folder + "/no/such/folder"
            for (arguments, status, says) in [
                (["--sign-key", key, "--signature", nowhere], Int32(1), nowhere), (["--sign-key", trusted], 1, trusted),
                (["--sign-key", keys.folder + "/a.pub"], 1, "a.pub"), (["--sign-key", keys.folder + "/none"], 1, "none"),
            ] {
                let child = try ChildProgram([CharterProgram.path, "compile", repository.path, "-o", again] + arguments, in: "/tmp")
                let outcome = Outcome(status: try child.wait(), output: child.output, errors: child.errors)
                #expect(outcome.isClearFailure(status, naming: says), "\(arguments): \(outcome)")
                #expect(!FileManager.default.fileExists(atPath: again) && !FileManager.default.fileExists(atPath: again + ".dsse.json"))
            }
            #expect(try CharterProgram.run("compile", repository.path, "-o", again, "--signature", place).status == 64)
            #expect(try CharterProgram.run("inspect", bundle, "--signature", place).status == 64)
            #expect(try CharterProgram.run("verify", bundle).status == 64)

            // A commit with errors has no bundle, hence no signature.
            try repository.replace("inherits: [viewer]", with: "inherits: [viewr]", in: "roles.yaml")
            try repository.commit("Make a mistake")
            #expect(try CharterProgram.run("compile", repository.path, "-o", again, "--sign-key", key).status == 1)
            #expect(!FileManager.default.fileExists(atPath: again + ".dsse.json"))
        }
    }

    @Test("one commit is stated in the same words, whatever the file is called")
    func determinism() throws {
        try withRepository { repository, keys, bundle in
            let key = try keys.make("a")
            var statements: Set<String> = []
            for (name, zone) in [("one", "UTC"), ("two.charter", "Asia/Tokyo")] {
                let path = keys.folder + "/" + name
                let made = try CharterProgram.run("compile", repository.path, "-o", path, "--sign-key", key, environment: ["TZ": zone])
                #expect(made.status == 0)
                let envelope = try JSONParser.parse(Array(try Data(contentsOf: URL(fileURLWithPath: path + ".dsse.json"))))
                let payload = try #require(Data(base64Encoded: envelope["payload"]?.stringValue ?? ""))
                let text = String(decoding: payload, as: UTF8.self)
                let statement = try JSONParser.parse(text)
                let time = try #require(statement["predicate"]?["runDetails"]?["metadata"]?["finishedOn"]?.stringValue)
                statements.insert(text.replacing(time, with: "TIME"))
            }
            #expect(statements.count == 1)
        }
    }
}
