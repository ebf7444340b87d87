import Foundation
import JSON
import Postgres
import TestSupport
import Testing

/// Signed commits, from the outside.
@Suite struct TrustTests {
    /// A key of ssh-keygen, and how git signs with it.
    private struct Signer {
        let key: String
        let publicKey: String

        init(_ name: String, in folder: String) throws {
            key = folder + "/" + name
            let made = try ChildProgram(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key], in: folder)
            guard try made.wait() == 0 else { throw Failure("ssh-keygen: \(made.errors)") }
            let words = try String(contentsOfFile: key + ".pub", encoding: .utf8).split(separator: " ")
            publicKey = words.prefix(2).joined(separator: " ")
        }

        func commit(_ message: String, in repository: TestRepository) throws -> String {
            try repository.git("add", "--all")
            try repository.git(
                "-c", "gpg.format=ssh", "-c", "user.signingkey=\(key)", "commit", "--quiet", "--allow-empty", "-S", "--message", message)
            return try repository.head
        }
    }

    @Test("an organisation that asks for signatures takes signed commits, and stays where it is for any other")
    func signatures() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let (ada, mallory) = (try Signer("ada", in: folder), try Signer("mallory", in: folder))
            try repository.replace(
                "reconcile:",
                with:
                    "trustedSigners:\n    - {name: ada, emails: [ada@acme.example], publicKey: \(ada.publicKey)}\n  reconcile:\n    signatures: required",
                in: "organization.yaml")
            let unsigned = try repository.commit("Ask for signatures")
            try SharedPostgres.withDatabase { url, database in
                let early = try CharterProgram.run(
                    "up", repository.path, "--state", folder + "/early", "--database", url, "--listen", "127.0.0.1:0")
                #expect(early.isClearFailure(1, naming: "CommitUnsigned"), "\(early)")
                let first = try ada.commit("Sign", in: repository)
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                #expect(try client.commitInForce() == first)

                func expectRefused(_ reason: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
                    #expect(try eventually { try client.reason("Stalled") == reason }, sourceLocation: sourceLocation)
                    #expect(try client.reason("Ready") == reason, sourceLocation: sourceLocation)
                    #expect(try client.commitInDatabase() == first, sourceLocation: sourceLocation)
                    #expect(try client.commitInForce() == first, sourceLocation: sourceLocation)
                    let once = try CharterProgram.run("reconcile", repository.path, "--once", "--database", url)
                    #expect(once.isClearFailure(1, naming: reason), "\(once)", sourceLocation: sourceLocation)
                    #expect(
                        try eventually {
                            try !database.query(
                                "SELECT FROM governance.alerts JOIN governance.events USING (id) WHERE reason = $1 AND severity = 'critical'",
                                [.text(reason)]
                            ).isEmpty
                        }, sourceLocation: sourceLocation)
                }
                try repository.addUser("barbara")
                try repository.commit("Hire without a signature")
                try expectRefused("CommitUnsigned")
                // A good one after it does not make it good.
                _ = try ada.commit("Sign on top", in: repository)
                try expectRefused("CommitUnsigned")
                try repository.git("reset", "--quiet", "--hard", first)
                #expect(try eventually { try client.reason("Ready") == "Applied" })
                try repository.addUser("frances")
                _ = try mallory.commit("Hire", in: repository)
                try expectRefused("SignerNotTrusted")
                // The old first commit again, which would take the demand away.
                try repository.git("reset", "--quiet", "--hard", unsigned + "^")
                try expectRefused("HistoryRewritten")

                try repository.git("reset", "--quiet", "--hard", first)
                try repository.addUser("grete")
                let second = try ada.commit("Hire", in: repository)
                #expect(try eventually { try client.commitInDatabase() == second })
                #expect(try eventually { try client.reason("Ready") == "Applied" })
                #expect(try client.metric("charter_commits_refused_total{reason=\"SignerNotTrusted\"}") == 1)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("the operator's list stands over the organisation's, and a keyless organisation can be made to sign")
    func operatorsList() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let ada = try Signer("ada", in: folder)
            try Data("ada@acme.example namespaces=\"git\" \(ada.publicKey)\n".utf8).write(to: URL(fileURLWithPath: folder + "/signers"))
            try SharedPostgres.withDatabase { url, _ in
                let refused = try CharterProgram.run(
                    "reconcile", repository.path, "--once", "--database", url, "--allowed-signers", folder + "/signers")
                #expect(refused.isClearFailure(1, naming: "CommitUnsigned"), "\(refused)")
                let signed = try ada.commit("Sign", in: repository)
                let taken = try CharterProgram.run(
                    "reconcile", repository.path, "--once", "--database", url, "--allowed-signers", folder + "/signers", "--format", "json")
                #expect(taken.status == 0, "\(taken)")
                #expect(try taken.json["commit"]?.stringValue == signed)
                let missing = try CharterProgram.run(
                    "reconcile", repository.path, "--once", "--database", url, "--allowed-signers", folder + "/nowhere")
                #expect(missing.isClearFailure(1, naming: "nowhere"), "\(missing)")
            }
        }
    }
}
