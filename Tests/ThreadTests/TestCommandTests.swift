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
            #expect(bad.output.contains("expected deny, got allow"), "\(bad)")
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
}
