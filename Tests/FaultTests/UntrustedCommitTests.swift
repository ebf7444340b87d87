import Foundation
import JSON
import Postgres
import TestSupport
import Testing

/// Commits that nobody should believe, on a branch whose organisation asks for signatures.
@Suite struct UntrustedCommitTests {
    private struct Scene {
        let repository: TestRepository
        let folder: String
        let charter: RunningCharter
        let client: HTTPClient
        let url: String
        let database: PostgresConnection
        /// The commit that asks for signatures, signed by ada.
        let good: String

        func key(_ name: String) -> String { folder + "/" + name }

        /// Commits all that is changed, signed with a key of `ssh-keygen`.
        @discardableResult
        func commit(_ message: String, by signer: String) throws -> String {
            try repository.git("add", "--all")
            try repository.git(
                "-c", "gpg.format=ssh", "-c", "user.signingkey=\(key(signer))", "commit", "--quiet", "--allow-empty", "-S", "--message",
                message)
            return try repository.head
        }

        /// Expects that the fault is told, that nothing of it is in force or applied, and that the next good commit is taken by itself.
        func expectRefused(_ reason: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            try expectTold(.organization(reason), by: client, charter, sourceLocation: sourceLocation)
            #expect(try client.commitInForce() == good, sourceLocation: sourceLocation)
            #expect(try client.metric("charter_commits_refused_total{reason=\"\(reason)\"}") ?? 0 >= 1, sourceLocation: sourceLocation)
            try expectExactly(good, of: repository.path, url, database)
            try repository.git("reset", "--quiet", "--hard", good)
            try repository.addUser("newcomer")
            let next = try commit("Hire", by: "ada")
            try expectRecovery(to: next, by: client, charter, sourceLocation: sourceLocation)
            try expectExactly(next, of: repository.path, url, database)
            #expect(try charter.interrupt() == 0, sourceLocation: sourceLocation)
        }
    }

    private func with(_ body: (Scene) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            var keys: [String: String] = [:]
            for name in ["ada", "mallory", "late"] {
                let made = try ChildProgram(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder + "/" + name], in: folder)
                guard try made.wait() == 0 else { throw Failure("ssh-keygen: \(made.errors)") }
                let words = try String(contentsOfFile: folder + "/\(name).pub", encoding: .utf8).split(separator: " ")
                keys[name] = words.prefix(2).joined(separator: " ")
            }
            let repository = try TestRepository.acme(at: folder + "/acme")
            let signers = """
                trustedSigners:
                    - {name: ada, emails: [ada@acme.example], publicKey: \(keys["ada"] ?? "")}
                    - {name: late, emails: [late@acme.example], publicKey: \(keys["late"] ?? ""), expires: 2020-01-01}
                  reconcile:
                    signatures: required
                """
            try repository.replace("reconcile:", with: signers, in: "organization.yaml")
            try SharedPostgres.withDatabase { url, database in
                try repository.git("add", "--all")
                try repository.git(
                    "-c", "gpg.format=ssh", "-c", "user.signingkey=\(folder)/ada", "commit", "--quiet", "-S", "--message",
                    "Ask for signatures")
                // So that it can be had when the branch has lost it.
                try repository.git("tag", "good")
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let scene = Scene(
                    repository: repository, folder: folder, charter: charter, client: try charter.client(), url: url, database: database,
                    good: try repository.head)
                try body(scene)
            }
        }
    }

    @Test func `an unsigned commit, also below a signed one`() throws {
        try with { scene in
            try scene.repository.addUser("barbara")
            try scene.repository.commit("Hire without a signature")
            try scene.commit("Sign what lies below", by: "ada")
            try scene.expectRefused("CommitUnsigned")
        }
    }

    @Test func `a commit that somebody else has signed`() throws {
        try with { scene in
            try scene.repository.addUser("barbara")
            try scene.commit("Hire", by: "mallory")
            try scene.expectRefused("SignerNotTrusted")
        }
    }

    @Test func `a commit whose signature was made for another`() throws {
        try with { scene in
            // Aside, so that the good one is not taken before it is forged.
            try scene.repository.git("checkout", "--quiet", "-b", "aside")
            try scene.repository.addUser("barbara")
            try scene.commit("Hire barbara", by: "ada")
            // The same commit with other words under the same signature.
            let bytes = try scene.repository.git("cat-file", "commit", "HEAD")
            let forged = try scene.repository.git(
                "hash-object", "-t", "commit", "-w", "--stdin",
                input: Data((bytes.replacing("Hire barbara", with: "Hire mallory") + "\n").utf8))
            try scene.repository.git("checkout", "--quiet", "main")
            try scene.repository.git("reset", "--quiet", "--hard", forged.trimmingCharacters(in: .whitespacesAndNewlines))
            try scene.expectRefused("SignatureInvalid")
        }
    }

    @Test func `a commit signed with a key that has expired`() throws {
        try with { scene in
            try scene.repository.addUser("barbara")
            try scene.commit("Hire", by: "late")
            try scene.expectRefused("SignerExpired")
        }
    }

    @Test func `a signed commit of the past, replayed as the newest`() throws {
        try with { scene in
            try scene.repository.git("checkout", "--quiet", "-b", "old", scene.good + "^")
            try scene.repository.addUser("barbara")
            try scene.commit("Hire, as it was once", by: "ada")
            try scene.repository.git("checkout", "--quiet", "main")
            try scene.repository.git("reset", "--quiet", "--hard", "old")
            try scene.expectRefused("HistoryRewritten")
        }
    }
}
