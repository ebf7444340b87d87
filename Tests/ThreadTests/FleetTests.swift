import Foundation
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// `charter fleet` with several organisations on one Postgres.
@Suite struct FleetTests {
    /// A fleet that runs, with what it has written.
    private final class World {
        let folder: String
        let url: String
        let database: PostgresConnection
        var repositories: [String: TestRepository] = [:]
        private(set) var fleet: RunningCharter?

        init(_ folder: String, _ url: String, _ database: PostgresConnection) {
            self.folder = folder
            self.url = url
            self.database = database
        }

        func addRepository(_ name: String) throws {
            repositories[name] = try TestRepository.acme(at: folder + "/" + name)
        }

        func repository(_ name: String) throws -> TestRepository { try #require(repositories[name]) }

        /// Writes the file, each organisation with further fields.
        func write(_ organizations: [(name: String, fields: String)]) throws {
            let lines = organizations.map { name, fields in
                "  - {name: \(name), repository: \(name), listen: \"127.0.0.1:0\", pollInterval: 200ms\(fields.isEmpty ? "" : ", ")\(fields)}"
            }
            try writeText("database: \(url)\norganizations:\n\(lines.joined(separator: "\n"))\n")
        }

        func writeText(_ text: String) throws { try text.write(toFile: folder + "/fleet.yaml", atomically: true, encoding: .utf8) }

        func start(environment: [String: String] = [:]) throws -> RunningCharter {
            let fleet = try RunningCharter(["fleet", folder + "/fleet.yaml", "--state", folder + "/state"], environment: environment)
            self.fleet = fleet
            return fleet
        }

        /// The organisation's server, as it said last where it is up.
        func client(_ name: String, notOn old: HTTPClient? = nil) throws -> HTTPClient {
            let fleet = try #require(fleet)
            var port: UInt16?
            let pattern = try Regex(#"(?m)^\#(name) \| Charter is up at http://127\.0\.0\.1:(\d+)$"#)
            let isUp = eventually {
                port = fleet.program.output.matches(of: pattern).last?.output[1].substring.flatMap { UInt16($0) }
                return port != nil && port != old?.port || !fleet.program.isRunning
            }
            guard isUp, let port else { throw Failure("\(name) is not up\n\(fleet.program.output)\n\(fleet.program.errors)") }
            return HTTPClient(port: port)
        }

        /// The process that the organisation has now.
        func process(_ name: String) throws -> pid_t? {
            let pattern = try Regex(#"(?m)^• \#(name) is process (\d+)$"#)
            return fleet?.program.errors.matches(of: pattern).last?.output[1].substring.flatMap { pid_t($0) }
        }

        /// Commits a new user, and expects that the organisation takes it, and decides.
        func expectAlive(
            _ name: String, _ client: HTTPClient, user: String, schema: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let repository = try repository(name)
            try repository.addUser(user)
            let commit = try repository.commit("Add \(user)")
            #expect(try eventually { try client.commitInDatabase() == commit }, "\(name)", sourceLocation: sourceLocation)
            #expect(try client.decide(Requests.everyday).json["decision"] == true, sourceLocation: sourceLocation)
            let row = try database.query("SELECT commit_id FROM \(schema ?? "\(name)_governance").revision").first
            #expect(row?["commit_id"] == commit, sourceLocation: sourceLocation)
        }
    }

    private func with(_ names: [String] = ["acme", "globex", "initech"], _ body: (World) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, database in
                let world = World(folder, url, database)
                for name in names { try world.addRepository(name) }
                try world.write(names.map { ($0, "") })
                try body(world)
            }
        }
    }

    /// Whether no process of the group, and none that the fleet has started, is left.
    private func expectNothingRuns(_ processes: [pid_t?], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!processes.contains(nil), sourceLocation: sourceLocation)
        #expect(eventually { processes.allSatisfy { !isRunning($0 ?? 0) } }, sourceLocation: sourceLocation)
    }

    @Test("three organisations share a Postgres, and one that is killed again and again leaves the others alone")
    func killed() throws {
        try with { world in
            let fleet = try world.start()
            let (acme, globex, initech) = (try world.client("acme"), try world.client("globex"), try world.client("initech"))
            for (name, client) in [("acme", acme), ("globex", globex), ("initech", initech)] {
                #expect(try client.commitInDatabase() == world.repository(name).head)
            }
            let others = [try world.process("globex"), try world.process("initech")]
            var client = acme
            let start = ContinuousClock.now
            for round in 0..<3 {
                kill(try #require(try world.process("acme")), SIGKILL)
                client = try world.client("acme", notOn: client)
                try world.expectAlive("globex", globex, user: "user-\(round)")
                #expect(fleet.program.errors.ranges(of: "acme was ended by signal 9; it is started again in").count == round + 1)
            }
            // Each time later.
            let told = fleet.program.errors.matches(of: #/acme was ended by signal 9; it is started again in (\d+) second/#)
            let pauses = told.compactMap { Int($0.output.1) }
            if ContinuousClock.now - start < .seconds(60) {
                #expect(pauses == [1, 2, 4])
            } else {
                // One that has lived for a minute begins anew.
                #expect(pauses.count == 3 && zip(pauses, pauses.dropFirst()).allSatisfy { $1 == 2 * $0 || $1 == 1 }, "\(pauses)")
            }
            try world.expectAlive("acme", client, user: "again")
            try world.expectAlive("initech", initech, user: "other")
            #expect(try [world.process("globex"), world.process("initech")] == others)
            let all = others + [try world.process("acme")]
            #expect(try fleet.interrupt() == 0)
            expectNothingRuns(all)
        }
    }

    @Test("one whose repository is broken, and one whose database login is locked out, are told of, and the others go on")
    func troubles() throws {
        try with { world in
            let login = "login_" + UUID().uuidString.prefix(8).lowercased()
            try world.database.script("CREATE ROLE \(login) LOGIN SUPERUSER")
            defer { try? world.database.script("DROP OWNED BY \(login) CASCADE; DROP ROLE \(login)") }
            let own = world.url.replacing("charter@", with: "\(login)@")
            try world.write([("acme", ""), ("globex", "database: \"\(own)\", schema: globex"), ("initech", "")])
            let fleet = try world.start()
            let (acme, globex, initech) = (try world.client("acme"), try world.client("globex"), try world.client("initech"))

            try FileManager.default.moveItem(atPath: world.repository("initech").path, toPath: world.folder + "/gone")
            #expect(try eventually { try initech.check("repository") == "failing" })
            try world.database.script("ALTER ROLE \(login) NOLOGIN")
            _ = try world.database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [.text(String(login))])
            #expect(try eventually { try globex.check("database") == "failing" })
            try world.expectAlive("acme", acme, user: "grete")
            for client in [globex, initech] { #expect(try client.decide(Requests.everyday).json["decision"] == true) }
            #expect(try acme.check("database") == "ok" && acme.check("repository") == nil)

            try world.database.script("ALTER ROLE \(login) LOGIN")
            #expect(try eventually { try globex.check("database") == "ok" })
            try world.expectAlive("globex", globex, user: "hans")
            try FileManager.default.moveItem(atPath: world.folder + "/gone", toPath: world.repository("initech").path)
            #expect(try eventually { try initech.check("repository") == nil })
            try world.expectAlive("initech", initech, user: "ida")
            #expect(try fleet.interrupt() == 0)
        }
    }

    @Test("one that cannot start is tried again, and the others start")
    func cannotStart() throws {
        try with(["acme"]) { world in
            try world.write([("acme", ""), ("nowhere", "")])
            let fleet = try world.start()
            let acme = try world.client("acme")
            let again = "nowhere ended with exit code 1; it is started again in"
            #expect(eventually { fleet.program.errors.ranges(of: again).count >= 2 })
            #expect(fleet.program.errors.contains("nowhere | charter: "))
            // Before it waits longer and longer.
            try world.addRepository("nowhere")
            try world.expectAlive("acme", acme, user: "grete")
            _ = try world.client("nowhere")
            #expect(try fleet.interrupt() == 0)
        }
    }

    @Test("SIGHUP starts what was added, stops what was removed, starts anew what has changed, and leaves the rest")
    func reload() throws {
        try with { world in
            try world.write([("acme", ""), ("globex", "")])
            let fleet = try world.start()
            let (acme, globex) = (try world.client("acme"), try world.client("globex"))
            let before = [try world.process("acme"), try world.process("globex")]
            // A file that is not good changes nothing.
            try world.writeText("organizations:\n  - {name: acme, repositry: acme, listen: \"127.0.0.1:0\"}\n")
            fleet.program.signal(SIGHUP)
            #expect(eventually { fleet.program.errors.contains("is not good; everything goes on as it was") })
            #expect(fleet.program.errors.contains("did you mean `repository`?") && fleet.program.errors.contains("fleet.yaml:2:18"))
            try world.expectAlive("globex", globex, user: "grete")

            let first = try world.repository("globex").head
            try world.repository("initech").git("tag", "live")
            try world.write([("acme", ""), ("initech", "tag: live")])
            fleet.program.signal(SIGHUP)
            let initech = try world.client("initech")
            #expect(try initech.get("/v1/status").json["source"]?["reference"] == "refs/tags/live")
            #expect(eventually { !isRunning(before[1] ?? 0) })
            #expect(try world.database.query("SELECT commit_id FROM globex_governance.revision").first?["commit_id"] == first)
            try world.expectAlive("acme", acme, user: "hans")

            try world.write([("acme", ""), ("initech", "branch: main")])
            fleet.program.signal(SIGHUP)
            try world.expectAlive("initech", try world.client("initech", notOn: initech), user: "ida")
            #expect(try world.process("acme") == before[0])
            let all = before + [try world.process("initech")]
            #expect(try fleet.interrupt() == 0)
            expectNothingRuns(all)
        }
    }

    @Test("what it has started ends when it is killed")
    func fleetKilled() throws {
        try with(["acme", "globex"]) { world in
            // One has a Postgres of its own, which is not to be left behind either.
            try world.writeText(
                """
                organizations:
                  - {name: acme, repository: acme, listen: "127.0.0.1:0"}
                  - {name: globex, repository: globex, listen: "127.0.0.1:0", database: "\(world.url)"}
                """)
            let fleet = try world.start()
            _ = (try world.client("acme"), try world.client("globex"))
            let server = try #require(Postmaster(state: world.folder + "/state/acme"))
            let processes = [try world.process("acme"), try world.process("globex")]
            fleet.program.signal(SIGKILL)
            try fleet.program.wait()
            expectNothingRuns(processes)
            #expect(eventually { !server.isAlive })
            // The next one can start at once.
            let next = try world.start()
            try world.expectAlive("globex", try world.client("globex"), user: "grete", schema: "governance")
            #expect(try next.interrupt() == 0)
        }
    }

    @Test("an organisation sees the secrets that are its own, and no credential stands on a command line")
    func secrets() throws {
        try with(["acme", "globex"]) { world in
            let remote = try LoopbackListener()
            try world.writeText(
                """
                organizations:
                  - {name: acme-eu, repository: "http://ada:hunter2secret@127.0.0.1:\(remote.port)/a.git", listen: "127.0.0.1:0"}
                  - {name: globex, repository: globex, listen: "127.0.0.1:0", database: "\(world.url)?password=hunter3secret"}
                """)
            let fleet = try world.start(environment: [
                "CHARTER_WEBHOOK_SECRET": "the secret of all others", "CHARTER_WEBHOOK_SECRET_ACME_EU": "the secret of acme-eu",
                "CHARTER_GIT_TOKEN_GLOBEX": "the token of globex",
            ])
            _ = try world.client("globex")
            let globex = try #require(try world.process("globex"))
            // It is ended and started again, with its fetch, when the remote has said nothing for long.
            var acme: pid_t = 0
            #expect(
                try eventually {
                    acme = try world.process("acme-eu") ?? 0
                    return acme != 0 && !children(of: acme).isEmpty
                })
            for process in [acme, globex] + children(of: acme) {
                let line = try String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
                #expect(!line.contains("hunter") && !line.contains("secret"), "\(line)")
            }
            func environment(_ process: pid_t) throws -> Set<String> {
                Set(try String(contentsOfFile: "/proc/\(process)/environ", encoding: .utf8).split(separator: "\0").map(String.init))
            }
            let (one, other) = (try environment(acme), try environment(globex))
            #expect(
                one.contains("CHARTER_WEBHOOK_SECRET=the secret of acme-eu")
                    && other.contains("CHARTER_WEBHOOK_SECRET=the secret of all others"))
            #expect(other.contains("CHARTER_GIT_TOKEN=the token of globex"))
            #expect(!one.contains { $0.contains("token of globex") || $0.hasPrefix("DATABASE_URL") })
            #expect(!other.contains { $0.contains("secret of acme-eu") })
            #expect(!fleet.program.output.contains("hunter") && !fleet.program.errors.contains("hunter"))
            #expect(try fleet.interrupt() == 0)
        }
    }

    @Test("a file that is no fleet is refused with everything that is wrong with it")
    func badFile() throws {
        try TemporaryFolder.with { folder in
            for (text, findings) in [
                ("", ["one document"]), ("a: [", ["CH1101"]), ("organizations: []", ["at least 1"]),
                ("organizations: [{name: Acme, repository: a, listen: x}]", ["`Acme` is not a valid name"]),
                (
                    """
                    organizations:
                      - {name: acme, repository: a, listen: "0.0.0.0:80", path: ../x, commit: abc}
                      - {name: acme, repository: b, listen: "127.0.0.1:81", tag: x, branch: y}
                      - {name: lock, repository: c, listen: "127.0.0.1:81", pollInterval: 2d, alertWebhook: "http://example.com"}
                    """,
                    [
                        "fleet.yaml:4:89", "no URL that may be used",
                    ]
                ),
                (
                    """
                    organizations:
                      - {name: acme, repository: a, listen: "0.0.0.0:80", path: ../x, commit: abc}
                      - {name: acme, repository: b, listen: "127.0.0.1:81", tag: x, branch: y}
                      - {name: lock, repository: c, listen: "127.0.0.1:81", pollInterval: 2d, schema: Lock, database: "postgres://h/d"}
                    """,
                    [
                        "fleet.yaml:2:41", "only loopback", "leads out", "whole id", "same name", "only one of", "same port",
                        "a day at most",
                        "fleet.yaml:4:12", "prefix of schemas",
                    ]
                ),
                (
                    """
                    organizations:
                      - {name: a, repository: a, listen: "127.0.0.1:81", database: "postgres://one:pw@h/d"}
                      - {name: b, repository: b, listen: "127.0.0.1:82", database: "postgres://two:pw@h:5432/d"}
                    """, ["share a database"]
                ),
            ] as [(String, [String])] {
                try text.write(toFile: folder + "/fleet.yaml", atomically: true, encoding: .utf8)
                let outcome = try CharterProgram.run("fleet", "fleet.yaml", "--state", folder + "/state", in: folder)
                #expect(outcome.isClearFailure(1, naming: "fleet.yaml"), "\(outcome)")
                for finding in findings { #expect(outcome.errors.contains(finding), "\(finding)\n\(outcome)") }
                #expect(!outcome.errors.contains(":pw@"))
            }
            let none = try CharterProgram.run("fleet", "none.yaml", in: folder)
            #expect(none.isClearFailure(1, naming: "none.yaml"), "\(none)")
            #expect(try CharterProgram.run("fleet", in: folder).status == 64)
            #expect(!FileManager.default.fileExists(atPath: folder + "/state"))
        }
    }
}
