import ControlPlane
import Foundation
import Git
import GovernanceModel
import Testing

@testable import Reconciler

@Suite struct CommitCompilerTests {
    private static let now: Int64 = 1_780_000_000

    /// The example organisation with three commits more, each of which changes something else.
    private func repository() throws -> TestRepository {
        let acme = try #require(Places.acme, "examples/acme is not above the tests")
        let repository = try TestRepository(copying: acme)
        try repository.write(SmallOrganization.document("User", "zoe", "{email: zoe@example.org}"), to: "users/zoe.yaml")
        try repository.commit()
        try repository.write("# A comment shifts every line.\n" + (try repository.text(of: "organization.yaml")), to: "organization.yaml")
        try repository.commit()
        try repository.git(["mv", "users/zoe.yaml", "teams/zoe.yaml"])
        try repository.commit()
        return repository
    }

    @Test func `a commit's bundle is the same in every compiler, whatever was compiled before`() throws {
        let repository = try repository()
        let commits = try repository.history()
        #expect(commits.count == 4)
        let handle = try GitRepository(opening: repository.path)
        let alone = try commits.map { commit in
            try #require(try CommitCompiler().compile(handle, commit: commit, now: Self.now).bundle, "\(commit) does not compile")
        }
        #expect(Set(alone).count == commits.count)
        let compiler = CommitCompiler()
        for index in [0, 1, 0, 2, 3, 0, 3, 1, 2, 2] {
            let bundle = try compiler.compile(handle, commit: commits[index], now: Self.now).bundle
            #expect(bundle == alone[index], "commit \(index)")
        }
    }

    @Test func `a commit's bundle is the same from another clone`() throws {
        let repository = try repository()
        let commit = try #require(try repository.history().last)
        let copy = repository.path + "-copy"
        try repository.git(["clone", "-q", "--bare", repository.path, copy])
        let bundles = try [repository.path, copy].map {
            try CommitCompiler().compile(try GitRepository(opening: $0), commit: commit, now: Self.now).bundle
        }
        #expect(bundles[0] != nil)
        #expect(bundles[0] == bundles[1])
    }

    @Test func `a commit's wanted state is the same in every compiler, whatever was compiled before`() throws {
        let repository = try repository()
        let commits = try repository.history()
        let handle = try GitRepository(opening: repository.path)
        let compiler = CommitCompiler()
        for index in [3, 0, 2, 1, 3] {
            let warm = try compiler.compile(handle, commit: commits[index], now: Self.now).desiredState(bundleDigest: "x")
            let cold = try CommitCompiler().compile(handle, commit: commits[index], now: Self.now).desiredState(bundleDigest: "x")
            #expect(warm.digest == cold.digest)
            #expect(warm.documentCount == cold.documentCount)
            for (left, right) in zip(warm.tables, cold.tables) {
                #expect(left.rows.map { [$0.path, String($0.line)] } == right.rows.map { [$0.path, String($0.line)] })
            }
        }
    }

    @Test func `a commit with errors has no bundle and spoils none that follow`() throws {
        let repository = try repository()
        let good = try #require(try repository.history().last)
        try repository.write(
            "apiVersion: charter/v1\nkind: User\nmetadata: {name: bad}\nspec: {roles: [nobody-knows]}\n", to: "users/bad.yaml")
        let bad = try repository.commit()
        let handle = try GitRepository(opening: repository.path)
        let compiler = CommitCompiler()
        let before = try compiler.compile(handle, commit: good, now: Self.now).bundle
        let broken = try compiler.compile(handle, commit: bad, now: Self.now)
        #expect(broken.bundle == nil)
        #expect(broken.diagnostics.hasErrors)
        #expect(broken.diagnostics.contains { $0.span.path == "users/bad.yaml" })
        #expect(before != nil)
        #expect(try compiler.compile(handle, commit: good, now: Self.now).bundle == before)
    }
}
