import Foundation
import JSON
import TestSupport
import Testing

/// `charter decide --explain` and `charter bench decisions`, from outside.
@Suite struct ExplainTests {
    @Test("a decision is explained by what was tried, and stays what it is") func explain() throws {
        try TemporaryFolder.with { folder in
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", TestRepository.acme(at: folder + "/acme").path, "-o", bundle).status == 0)
            let costly = JSONWriter.text(Requests.costly)
            let human = try CharterProgram.run("decide", bundle, "--request", "-", "--explain", input: costly)
            #expect(human.status == 0 && human.output.hasPrefix("denied\n"), "\(human)")
            #expect(human.output.contains("  rule over-fifty-cents: holds  policies/costly-requests-need-approval.yaml:"), "\(human)")

            let json = try CharterProgram.run("decide", bundle, "--request", "-", "--explain", "--format", "json", input: costly).json
            let plain = try CharterProgram.run("decide", bundle, "--request", "-", "--format", "json", input: costly).json
            #expect(json["reasons"] == plain["reasons"] && plain["explanation"] == nil)
            let policies = try #require(json["explanation"]?.arrayValue)
            let expensive = try #require(policies.first { $0["policy"] == "costly-requests-need-approval" })
            #expect(expensive["rules"]?.arrayValue?.first?["outcome"] == "held", "\(JSONWriter.text(expensive))")
            #expect(try CharterProgram.run("decide", bundle, "--requests", "-", "--explain").status == 64)
        }
    }

    @Test("decisions are measured, made from a seed or taken from files") func bench() throws {
        try TemporaryFolder.with { folder in
            func make(_ name: String) throws -> Outcome {
                try CharterProgram.run(
                    "bench", "decisions", "--policies", "30", "--users", "40", "--teams", "5", "--requests", "20", "--seed", "3", "--keep",
                    folder + name, "--json")
            }
            let made = try make("/kept")
            #expect(made.status == 0, "\(made)")
            let metrics = try made.json["metrics"]
            for name in ["p50_ns", "p99_ns", "p999_ns", "decisions_per_s", "bundle_bytes", "load_ms", "load_verified_ms", "resident_bytes"]
            {
                #expect(metrics?[name] != nil, "\(name)")
            }
            let first = try Data(contentsOf: URL(fileURLWithPath: folder + "/kept/bench.bundle"))
            #expect(try make("/again").status == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/again/bench.bundle")) == first, "one seed, one bundle")

            let taken = try CharterProgram.run(
                "bench", "decisions", "--bundle", folder + "/kept/bench.bundle", "--requests", folder + "/kept/requests.jsonl", "--json")
            #expect(taken.status == 0, "\(taken)")
            #expect(try taken.json["bench"] == "decisions")
            #expect(try CharterProgram.run("bench", "decisions", "--requests", "many").status == 64)
        }
    }
}
