import Foundation
import JSON
import TestSupport
import Testing

/// `charter plan`.
@Suite struct PlanCommandTests {
    @Test func `the files on disk are compared with main, and two commits with each other`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let same = try CharterProgram.run("plan", repository.path, "--base", "HEAD", "--detailed-exitcode")
            #expect(same.status == 0 && same.output.contains("no changes"), "\(same)")

            try repository.replace("estimate.cost >", with: "estimate.cost > 1.0 +", in: "policies/costly-requests-need-approval.yaml")
            let changed = try CharterProgram.run("plan", repository.path, "--base", "HEAD", "--detailed-exitcode")
            #expect(changed.status == 2 && changed.output.contains("~ Policy/costly-requests-need-approval: looser"), "\(changed)")

            try repository.commit("looser")
            let json = try CharterProgram.run("plan", repository.path, "--base", "HEAD~1", "--head", "HEAD", "--format", "json")
            #expect(json.status == 0)
            #expect(try json.json["policies"]?.arrayValue?.first?["verdict"] == "looser")
            let back = try CharterProgram.run("plan", repository.path, "--base", "HEAD", "--head", "HEAD~1", "--fail-on", "destructive")
            #expect(back.isClearFailure(1, naming: "destructive"), "\(back)")
        }
    }

    @Test func `a version with errors has no plan`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.write("kind: none\n", to: "bad.yaml")
            let outcome = try CharterProgram.run("plan", repository.path, "--base", "HEAD")
            #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome)")
            #expect(outcome.errors.contains("bad.yaml") && outcome.errors.contains("there is no plan"), "\(outcome)")
            #expect(try CharterProgram.run("plan", repository.path, "--base", "nowhere").isClearFailure(1, naming: "nowhere"))
        }
    }
}
