import Compression
import Foundation
import JSON
import TestSupport
import Testing

/// `charter impact`, with logs that a server has written.
@Suite struct ImpactCommandTests {
    /// A repository, and a log of decisions by its first commit.
    private struct World {
        let repository: TestRepository
        let folder: String
        var log: String { folder + "/decisions.jsonl" }

        /// Four denied by cost, eight allowed, and what else a server is asked.
        static func with(_ body: (World) throws -> Void) throws {
            try TemporaryFolder.with { folder in
                let world = World(repository: try TestRepository.acme(at: folder + "/acme"), folder: folder)
                let compiled = try CharterProgram.run("compile", world.repository.path, "--output", folder + "/bundle")
                guard compiled.status == 0 else { throw Failure("\(compiled)") }
                let charter = try RunningCharter(
                    ["serve", folder + "/bundle", "--listen", "127.0.0.1:0", "--state", folder + "/state", "--decision-log", world.log])
                let client = try charter.client()
                for _ in 0..<4 {
                    #expect(try client.decide(Requests.costly).json["decision"] == false)
                    #expect(try client.decide(Requests.everyday).json["decision"] == true)
                }
                // Each protocol logs its request in the one shape, with whatever lines it was sent in.
                let everyday = JSONWriter.text(Requests.everyday, style: .pretty)
                #expect(try client.post("/v1/decisions", Array(everyday.utf8)).status == 200)
                #expect(try client.post("/v1/decisions/batch", Array("{\"requests\":[\(everyday)]}".utf8)).status == 200)
                #expect(try client.post("/access/v1/evaluation", Array(everyday.utf8)).status == 200)
                let several = #"{"evaluations":[{}],"# + everyday.dropFirst()
                #expect(try client.post("/access/v1/evaluations", Array(several.utf8)).status == 200)
                #expect(try client.post("/v1/data/charter/allow", Array("{\"input\":\(everyday)}".utf8)).status == 200)
                // What is not written five seconds after the end of the server stays in the spool.
                #expect(eventually { ((try? String(contentsOfFile: world.log, encoding: .utf8)) ?? "").count { $0 == "\n" } >= 13 })
                #expect(try charter.interrupt() == 0)
                try body(world)
            }
        }

        func impact(_ arguments: String..., input: String = "") throws -> Outcome {
            try CharterProgram.run(["impact", repository.path, "--decisions", log] + arguments, input: input)
        }
    }

    @Test func `a log that a server has written is replayed whole, and changes nothing by itself`() throws {
        try World.with { world in
            let outcome = try world.impact("--format", "json", "--max-new-denials", "0", "--max-unreadable", "0")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.errors.isEmpty)
            let json = try outcome.json
            #expect(json["records"]?["lines"] == 13 && json["records"]?["replayed"] == 13, "\(outcome.output)")
            #expect(json["records"]?["answeredOtherwise"] == 0)
            #expect(json["same"]?["allowed"] == 9 && json["same"]?["denied"] == 4)
            #expect(json["head"]?["commit"] == .null && json["base"]?["commit"] != .null)
            #expect(json["cost"]?["base"] == json["cost"]?["head"])
        }
    }

    @Test func `files on disk, commits, folded logs and standard input are compared alike`() throws {
        try World.with { world in
            let first = try world.repository.head
            try world.repository.setCostLimit(to: "0.0000001")
            let disk = try world.impact("--format", "json")
            #expect(disk.status == 0, "\(disk)")
            #expect(try disk.json["newDenials"]?["count"] == 9)
            #expect(try disk.json["newDenials"]?["causes"]?.arrayValue?.first?["policy"] == "costly-requests-need-approval")
            #expect(try disk.json["newDenials"]?["subjects"]?.arrayValue?.first?["id"] == "ada")
            let second = try world.repository.commit("Lower the limit")
            try world.repository.git("tag", "v2")
            let committed = try world.impact("--base", first, "--head", "v2", "--format", "json")
            var expected = try disk.json.objectValue
            expected?["head"] = try committed.json["head"]
            #expect(try committed.json == expected.map { .object($0) })
            #expect(try committed.json["head"]?["commit"]?.stringValue == second)
            let text = try String(contentsOfFile: world.log, encoding: .utf8)
            let folded = try #require(Array(text.utf8).withUnsafeBytes { Gzip.deflate($0) })
            try Data(folded).write(to: URL(fileURLWithPath: world.folder + "/log.gz"))
            for threads in ["1", "4"] {
                let others = [
                    try CharterProgram.run(
                        "impact", world.repository.path, "--base", first, "--head", "main", "--decisions", world.folder + "/log.gz",
                        "--format", "json", "--threads", threads),
                    try CharterProgram.run(
                        "impact", world.repository.path, "--base", first, "--decisions", "-", "--format", "json", "--threads", threads,
                        input: text),
                ]
                for other in others { #expect(try other.json["newDenials"] == committed.json["newDenials"], "\(other)") }
            }
            // The other way round.
            let back = try world.impact("--base", "v2", "--head", first, "--max-new-denials", "0")
            #expect(back.status == 0 && back.output.contains("● 9 of 13 decisions (69.23 %) would be allowed that were denied"), "\(back)")
            #expect(back.output.contains("9 answered otherwise when recorded"))
        }
    }

    @Test func `too many new denials, or lines that cannot be replayed, fail the check`() throws {
        try World.with { world in
            try world.repository.setCostLimit(to: "0.0000001")
            for (limit, status) in [("9", 0), ("8", 1), ("0%", 1), ("69%", 1), ("70%", 0)] as [(String, Int32)] {
                let outcome = try world.impact("--max-new-denials", limit)
                #expect(outcome.status == status, "\(limit): \(outcome)")
                #expect(outcome.output.contains("✗ 9 of 13 decisions would be new denials, more than \(limit)") == (status == 1))
            }
            let text = try String(contentsOfFile: world.log, encoding: .utf8)
            try Data((text + "{\"time\":").utf8).write(to: URL(fileURLWithPath: world.log))
            #expect(try world.impact("--max-unreadable", "1").status == 0)
            let outcome = try world.impact("--max-unreadable", "7%", "--format", "markdown")
            #expect(outcome.status == 1 && outcome.output.hasPrefix("### Impact on recorded decisions"), "\(outcome)")
            #expect(outcome.output.contains("❌ **1 of 14 lines could not be replayed") && outcome.output.contains("- line 14: `"))
        }
    }

    @Test func `what cannot be compared is told, and nothing is replayed`() throws {
        try World.with { world in
            for (arguments, status, name) in [
                (["--base", "nowhere"], 1, "nowhere"), (["--decisions", "/nowhere/log"], 1, "/nowhere/log"),
                (["--decisions", "/dev/null"], 1, "✗ the log holds no decision"), (["--path", "nowhere"], 1, "nowhere"),
            ] as [([String], Int32, String)] {
                let outcome = try CharterProgram.run(["impact", world.repository.path, "--decisions", world.log] + arguments)
                #expect(outcome.status == status && (outcome.errors + outcome.output).contains(name), "\(outcome)")
            }
            for option in ["--max-new-denials", "--max-unreadable"] { #expect(try world.impact(option, "many").status == 64) }
            #expect(try world.impact("--threads", "0").status == 64)
            #expect(try CharterProgram.run("impact", world.repository.path).status == 64)
            try world.repository.write("kind: none\n", to: "bad.yaml")
            let broken = try world.impact()
            #expect(broken.status == 1 && broken.output.isEmpty && broken.errors.contains("bad.yaml"), "\(broken)")
            #expect(broken.errors.contains("the files on disk cannot be compiled, nothing was replayed"))
            try world.repository.git("branch", "-m", "trunk")
            #expect(try world.impact().isClearFailure(1, naming: "--base"))
            try world.repository.git("clone", "--quiet", "--bare", ".", world.folder + "/bare.git")
            let bare = try CharterProgram.run("impact", world.folder + "/bare.git", "--base", "trunk", "--decisions", world.log)
            #expect(bare.isClearFailure(1, naming: "--head"), "\(bare)")
        }
    }

    @Test func `the benchmark makes its log and measures it in a process of its own`() throws {
        let outcome = try CharterProgram.run(
            "bench", "impact", "--records", "300", "--policies", "40", "--users", "50", "--teams", "4", "--json")
        #expect(outcome.status == 0, "\(outcome)")
        let metrics = try outcome.json["metrics"]
        #expect(metrics?["records_count"] == 300)
        for name in ["replay_ms", "records_per_s", "peak_bytes", "log_bytes", "new_denials_count"] {
            #expect(metrics?[name] != nil && metrics?[name] != 0, "\(name)")
        }
    }
}
