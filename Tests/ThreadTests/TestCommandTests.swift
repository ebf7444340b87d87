import Foundation
import JSON
import TestSupport
import Testing

/// `charter test`.
@Suite struct TestCommandTests {
    @Test func `the example's tests pass, and one fails when its policy is changed`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let good = try CharterProgram.run("test", repository.path)
            #expect(good.status == 0, "\(good)")
            #expect(good.output.hasSuffix(" in 3 tests, all passed\n"), "\(good)")

            try repository.replace("estimate.cost >", with: "estimate.cost > 1000.0 +", in: "policies/costly-requests-need-approval.yaml")
            let bad = try CharterProgram.run("test", repository.path)
            #expect(bad.status == 1, "\(bad)")
            #expect(bad.output.contains("decision  expected  deny\n              found     allow\n"), "\(bad)")
            let committed = try CharterProgram.run("test", repository.path, "--ref", "HEAD", "--format", "json")
            #expect(committed.status == 0)
            #expect(try committed.json["failed"] == 0)
        }
    }

    @Test func `a filter chooses cases, and one that chooses none is an error`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let some = try CharterProgram.run("test", repository.path, "--filter", "access/people who left*", "--format", "json")
            #expect(some.status == 0)
            #expect(try some.json["passed"] == 1)
            #expect(try CharterProgram.run("test", repository.path, "--filter", "nothing").isClearFailure(1, naming: "nothing"))
        }
    }

    @Test func `documents with errors are not tested`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.write("kind: none\n", to: "bad.yaml")
            let outcome = try CharterProgram.run("test", repository.path)
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("bad.yaml") && outcome.errors.contains("nothing was tested"), "\(outcome)")
        }
    }

    @Test func `coverage is told, written to a file and asked for`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let told = try CharterProgram.run("test", repository.path, "--coverage")
            #expect(told.status == 0 && told.output.contains(" % covered: ") && told.output.contains("\n  • roles/staff.yaml "), "\(told)")
            #expect(
                try CharterProgram.run("test", repository.path, "--coverage", "--format", "json").json["coverage"]?["rules"]?["total"] == 25
            )

            let file = folder + "/coverage.info"
            let written = try CharterProgram.run("test", repository.path, "--coverage-output", file, "--format", "junit")
            #expect(written.status == 0 && written.output.hasPrefix("<?xml") && written.errors.contains(" % covered: "), "\(written)")
            let tracefile = try String(contentsOfFile: file, encoding: .utf8)
            #expect(tracefile.hasPrefix("TN:\nSF:\(repository.path)/policies/") && tracefile.hasSuffix("end_of_record\n"))
            // Lines are those of the files.
            let policy = try String(contentsOfFile: repository.path + "/policies/retiring-models.yaml", encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            let line = try #require(policy.firstIndex { $0.contains("name: soon") })
            #expect(tracefile.contains("FN:\(line + 1),retiring-models/soon\n"))

            #expect(try CharterProgram.run("test", repository.path, "--min-coverage", "90").status == 0)
            let few = try CharterProgram.run("test", repository.path, "--min-coverage", "90", "--filter", "access/*")
            #expect(few.isClearFailure(1, naming: "less than the 90 % of --min-coverage"), "\(few)")
        }
    }

    @Test(arguments: [
        ["--min-coverage", "101"], ["--coverage-format", "lcov"], ["--coverage-format", "xml", "--coverage-output", "x"],
        ["--coverage-output", ""],
    ]) func `coverage that cannot be told is a mistake in usage`(_ arguments: [String]) throws {
        #expect(try CharterProgram.run(["test", "examples/acme"] + arguments).status == 64)
    }

    @Test func `a file that cannot be written is told of`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let outcome = try CharterProgram.run("test", repository.path, "--coverage-output", folder + "/none/coverage.json")
            #expect(outcome.isClearFailure(64, naming: "none/coverage.json"), "\(outcome)")
        }
    }
}
