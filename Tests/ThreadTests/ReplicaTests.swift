import Foundation
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// `charter serve` with bundles from files, from other servers and from a database.
@Suite struct ReplicaTests {
    /// A repository and bundles of its commits.
    private struct World {
        let folder: String
        let repository: TestRepository
        let keys: SigningKeys
        var state: String { folder + "/replica" }
        var bundle: String { folder + "/bundle" }

        static func with(_ body: (World) throws -> Void) throws {
            try TemporaryFolder.with { folder in
                let repository = try TestRepository.acme(at: folder + "/acme")
                try body(World(folder: folder, repository: repository, keys: SigningKeys(folder: folder)))
            }
        }

        /// Compiles the newest commit, signed, and moves bundle and signature to their places.
        func publish(key: String? = nil) throws {
            let made = folder + "/made"
            let compiled = try CharterProgram.run(
                ["compile", repository.path, "--output", made] + (key.map { ["--sign-key", $0] } ?? []))
            guard compiled.status == 0 else { throw Failure("\(compiled)") }
            let suffixes = key == nil ? [""] : [".dsse.json", ""]
            for suffix in suffixes where rename(made + suffix, bundle + suffix) != 0 { throw Failure("no bundle in its place") }
        }

        func serve(_ arguments: String..., environment: [String: String] = [:]) throws -> RunningCharter {
            try RunningCharter(["serve"] + arguments + ["--listen", "127.0.0.1:0"], in: folder, environment: environment)
        }

        /// Raises the limit under which costly requests are allowed, and commits that.
        func allowCostly() throws -> String {
            try repository.setCostLimit(to: "1.00")
            return try repository.commit("Raise the limit")
        }
    }

    private static func bundleCheck(_ client: HTTPClient) throws -> JSONValue {
        try client.get("/readyz").json["checks"]?["bundle"] ?? .null
    }

    @Test("a file that is replaced is in force at once, a broken one is refused and told of, and a restart without the file goes on")
    func file() throws {
        try World.with { world in
            try world.publish()
            let charter = try world.serve(world.bundle, "--state", world.state)
            let client = try charter.client()
            #expect(try client.decide(Requests.costly).json["decision"] == false)
            let commit = try world.allowCostly()
            try world.publish()
            #expect(try eventually { try client.decide(Requests.costly).json["decision"] == true })
            #expect(try client.commitInForce() == commit)

            try Data("no bundle".utf8).write(to: URL(fileURLWithPath: world.bundle), options: .atomic)
            #expect(try eventually { try client.reason("Ready") == "BundleBroken" })
            #expect(try client.get("/readyz").status == 200)
            #expect(try client.check("commit") == "refused")
            #expect(try client.metric(#"charter_bundles_refused_total{reason="BundleBroken"}"#) == 1)
            #expect(eventually { charter.program.errors.contains("! BundleBroken: ") }, "\(charter.program.errors)")
            #expect(try client.decide(Requests.costly).json["decision"] == true)
            charter.program.signal(SIGKILL)
            try charter.program.wait()

            try FileManager.default.removeItem(atPath: world.bundle)
            let restarted = try world.serve(world.bundle, "--state", world.state)
            let again = try restarted.client()
            #expect(try again.get("/readyz").status == 200)
            #expect(try again.decide(Requests.costly).json["decision"] == true)
            let check = try Self.bundleCheck(again)
            #expect(check["restored"] == true && check["source"]?.stringValue == world.bundle)
            #expect(try eventually { try again.reason("Ready") == "SourceFailed" })
            try world.publish()
            #expect(try eventually { try again.reason("Ready") == "InForce" })
            #expect(try Self.bundleCheck(again)["restored"] == false)
            #expect(try restarted.interrupt() == 0)
            // Without what was kept there is nothing to serve.
            try FileManager.default.removeItem(atPath: world.bundle)
            let empty = try CharterProgram.run("serve", world.bundle, "--state", world.folder + "/new")
            #expect(empty.isClearFailure(1, naming: world.bundle), "\(empty)")
        }
    }

    @Test("a server follows another one that follows a signed file, and goes on when that one is gone")
    func chain() throws {
        try World.with { world in
            let key = try world.keys.make("a")
            let trusted = try world.keys.trust((key, [:]))
            try world.publish(key: key)
            let first = try world.serve(world.bundle, "--trusted-keys", trusted)
            let port = try first.client().port
            let source = "http://127.0.0.1:\(port)/v1/bundle/content"
            let second = try world.serve(source, "--trusted-keys", trusted, "--state", world.state, "--poll-interval", "0.1")
            let client = try second.client()
            #expect(try eventually { try client.get("/readyz").status == 200 })
            #expect(try client.decide(Requests.costly).json["decision"] == false)
            let check = try Self.bundleCheck(client)
            #expect(check["source"]?.stringValue == source)
            #expect(try check["signer"]?.stringValue == world.keys.id(key))
            let commit = try world.allowCostly()
            try world.publish(key: key)
            #expect(try eventually { try client.commitInForce() == commit })
            #expect(try client.get("/v1/bundle/content.dsse.json").body == first.client().get("/v1/bundle/content.dsse.json").body)

            #expect(try first.interrupt() == 0)
            #expect(try eventually { try client.reason("Ready") == "SourceFailed" })
            #expect(try client.decide(Requests.costly).json["decision"] == true)
            #expect(try second.interrupt() == 0)
            // With no source at all.
            let restarted = try world.serve(source, "--trusted-keys", trusted, "--state", world.state, "--poll-interval", "0.1")
            #expect(try restarted.client().decide(Requests.costly).json["decision"] == true)
            // A key that is trusted no more is told of, and the bundle stays until another comes.
            let other = try world.keys.make("b")
            _ = try world.keys.trust((other, [:]))
            #expect(try eventually { try restarted.client().check("commit") == "refused" })
            #expect(eventually { restarted.program.errors.contains("SignerRemoved") }, "\(restarted.program.errors)")
            #expect(try restarted.client().decide(Requests.costly).json["decision"] == true)
            #expect(try restarted.interrupt() == 0)
            let unsigned = try CharterProgram.run("serve", world.bundle, "--trusted-keys", trusted)
            #expect(unsigned.isClearFailure(1, naming: world.bundle), "\(unsigned)")
        }
    }

    @Test("what is asked of a server on this machine, with a token perhaps, passes no proxy that the environment names")
    func proxy() throws {
        try World.with { world in
            try world.publish()
            let first = try world.serve(world.bundle)
            let source = "http://127.0.0.1:\(try first.client().port)/v1/bundle/content"
            // Nobody listens there.
            let proxy = "http://127.0.0.1:9"
            let second = try world.serve(
                source, environment: ["http_proxy": proxy, "all_proxy": proxy, "no_proxy": "", "CHARTER_BUNDLE_TOKEN": "t"])
            let client = try second.client()
            #expect(try eventually { try client.get("/readyz").status == 200 }, "\(second.program.errors)")
        }
    }

    @Test("a server whose source cannot be reached yet waits for it, and says so")
    func waiting() throws {
        try World.with { world in
            // Nobody listens there.
            let gone = try LoopbackListener(refuses: true)
            defer { withExtendedLifetime(gone) {} }
            let source = "http://127.0.0.1:\(gone.port)/bundle"
            let charter = try world.serve(source, "--poll-interval", "0.1")
            let client = try charter.client()
            #expect(try client.get("/readyz").status == 503)
            #expect(try client.check("bundle") == "missing" && client.check("source") == "failing")
            #expect(try client.decide(Requests.everyday).status == 503)
            #expect(try client.get("/healthz").status == 200)
            #expect(try charter.interrupt() == 0)
        }
    }

    @Test("sources that could be changed on the way, or give a secret away, are refused")
    func badSources() throws {
        for (arguments, says) in [
            (["http://files.example/b"], "plain http"), (["https://user:secret@files.example/b"], "password"), ([], "name a bundle file"),
            (["ftp://files.example/b", "--trusted-keys", "/none"], "/none"),
            (["--database", "postgresql:///x", "--trusted-keys", "x"], "not signed"),
            (["x", "--schema", "a"], "--schema"), (["x", "--shadow-share", "0"], "--shadow-share"),
            (["x", "--database", "postgresql:///x", "--schema", "Not one"], "--schema"),
        ] {
            let outcome = try CharterProgram.run(["serve"] + arguments)
            #expect(outcome.status != 0 && outcome.errors.contains(says), "\(arguments): \(outcome)")
            #expect(!outcome.errors.contains("secret"))
        }
        let token = try CharterProgram.run(
            ["serve", "http://files.example/b", "--trusted-keys", "/none"], environment: ["CHARTER_BUNDLE_TOKEN": "t0ken"])
        #expect(token.isClearFailure(64, naming: "token") && !token.errors.contains("t0ken"), "\(token)")
    }

    @Test("servers take what a reconciler has left in the database, report to it, and go on without it")
    func database() throws {
        try World.with { world in
            let cluster = try PrivateCluster.start(directory: world.folder + "/cluster", durability: .disposable)
            defer { try? cluster.stop(mode: .immediate) }
            _ = try cluster.configuration()
            let url = "postgresql://charter@\(cluster.socketDirectory.replacing("/", with: "%2F"))/charter"
            func reconcile(_ arguments: String...) throws {
                let outcome = try CharterProgram.run(["reconcile", world.repository.path, "--database", url] + arguments)
                guard outcome.status == 0 else { throw Failure("\(outcome)") }
            }
            let early = try world.serve("--database", url, "--poll-interval", "0.2")
            #expect(try early.client().get("/readyz").status == 503)
            #expect(eventually { early.program.errors.contains("DatabaseEmpty") }, "\(early.program.errors)")
            try reconcile("--once")
            #expect(try eventually { try early.client().get("/readyz").status == 200 })
            #expect(try early.interrupt() == 0)

            // A long interval: what is new is heard of.
            let charter = try world.serve("--database", url, "--state", world.state, "--poll-interval", "600")
            let client = try charter.client()
            #expect(try eventually { try client.get("/readyz").status == 200 })
            #expect(try client.decide(Requests.costly).json["decision"] == false)
            #expect(try Self.bundleCheck(client)["epoch"] == 1)
            func instances() throws -> [JSONValue] {
                try CharterProgram.run("status", world.repository.path, "--database", url, "--format", "json").json["instances"]?.arrayValue
                    ?? []
            }
            #expect(try eventually { try instances().count == 1 })
            let first = try #require(try instances().first)
            #expect(first["differs"] == false && first["process"] == .int(Int64(charter.program.process)))
            #expect(first["bundle"] == (try client.get("/v1/bundle").json["digest"]))
            // Another server of a bundle of its own that only reports.
            try world.publish()
            let commit = try world.allowCostly()
            try reconcile()
            #expect(try eventually { try client.decide(Requests.costly).json["decision"] == true })
            #expect(try client.commitInForce() == commit)
            #expect(try Self.bundleCheck(client)["epoch"] == 2)
            let other = try world.serve(world.bundle, "--database", url, "--state", world.folder + "/other")
            _ = try other.client()
            #expect(
                try eventually {
                    try instances().compactMap { $0["differs"] == true ? $0["process"]?.intValue : nil } == [Int64(other.program.process)]
                })
            let status = try CharterProgram.run("status", world.repository.path, "--database", url)
            #expect(status.output.contains("which is not the revision's"), "\(status)")
            #expect(try other.interrupt() == 0)
            #expect(try instances().count == 1, "it has withdrawn")

            // A bundle that was changed in the database is refused.
            let connection = try PostgresConnection(PostgresConfiguration(uri: url))
            try connection.script(
                """
                UPDATE governance.bundle_parts SET bytes = set_byte(bytes, 3000, (get_byte(bytes, 3000) + 1) % 256);
                UPDATE governance.revision SET bundle_digest = (SELECT digest FROM governance.bundles WHERE epoch = 1), epoch = 3
                """)
            #expect(try eventually { try client.reason("Ready") == "BundleBroken" })
            #expect(try client.decide(Requests.costly).json["decision"] == true)
            connection.close()

            try cluster.stop(mode: .immediate)
            #expect(try eventually { try client.get("/readyz").status == 200 && client.decide(Requests.costly).json["decision"] == true })
            charter.program.signal(SIGKILL)
            try charter.program.wait()
            let restarted = try world.serve("--database", url, "--state", world.state)
            let again = try restarted.client()
            #expect(try again.decide(Requests.costly).json["decision"] == true)
            #expect(try again.commitInForce() == commit)
            #expect(try Self.bundleCheck(again)["restored"] == true)
            #expect(try eventually { try again.reason("Ready") == "SourceFailed" })
            #expect(try restarted.interrupt() == 0)
        }
    }

    @Test("a database that is rolled back behind what was in force is refused, a rollback that was ordered is not")
    func rollback() throws {
        try World.with { world in
            try SharedPostgres.withDatabase { url, database in
                func reconcile() throws {
                    let outcome = try CharterProgram.run("reconcile", world.repository.path, "--database", url)
                    guard outcome.status == 0 else { throw Failure("\(outcome)") }
                }
                let first = try world.repository.head
                try reconcile()
                let second = try world.allowCostly()
                try reconcile()
                let charter = try world.serve("--database", url, "--state", world.state, "--poll-interval", "0.2")
                let client = try charter.client()
                #expect(try client.commitInForce() == second)
                let ordered = try CharterProgram.run(
                    "rollback", first, "--repository", world.repository.path, "--reason", "too much", "--database", url)
                #expect(ordered.status == 0, "\(ordered)")
                #expect(try eventually { try client.commitInForce() == first })
                #expect(try Self.bundleCheck(client)["epoch"] == 3)
                // As a restored backup does.
                try database.script(
                    """
                    UPDATE governance.revision SET epoch = 2, commit_id = '\(second)',
                        bundle_digest = (SELECT digest FROM governance.bundles WHERE commit_id = '\(second)')
                    """)
                #expect(try eventually { try client.reason("Ready") == "OlderEpoch" })
                #expect(try client.commitInForce() == first)
                try database.script("UPDATE governance.revision SET epoch = 4")
                #expect(try eventually { try client.commitInForce() == second })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("charter up compares its decisions with those of a shadow bundle, and hands its own on")
    func shadow() throws {
        try World.with { world in
            _ = try world.allowCostly()
            try world.publish()
            try world.repository.setCostLimit(from: "1.00", to: "0.50")
            try world.repository.commit("Lower it again")
            let charter = try RunningCharter(
                up: world.repository.path, state: world.folder + "/state", database: nil, "--shadow", world.bundle)
            let client = try charter.client()
            #expect(try eventually { try client.get("/v1/shadow").json["bundle"] != .null })
            #expect(try client.decide(Requests.costly).json["decision"] == false)
            #expect(try client.decide(Requests.everyday).json["decision"] == true)
            #expect(try eventually { try client.metric(#"charter_shadow_decisions_total{outcome="deny_to_allow"}"#) == 1 })
            #expect(try eventually { try client.metric(#"charter_shadow_decisions_total{outcome="same"}"#) == 1 })
            let example = try client.get("/v1/shadow").json["examples"]?.arrayValue?.first
            #expect(example?["inForce"]?["reason"]?["policy"] == "costly-requests-need-approval")

            let follower = try world.serve("http://127.0.0.1:\(client.port)/v1/bundle/content")
            #expect(try follower.client().commitInForce() == client.commitInForce())
            #expect(try Self.bundleCheck(follower.client())["epoch"] == 1)
            #expect(try follower.interrupt() == 0)
            #expect(try charter.interrupt() == 0)
        }
    }
}
