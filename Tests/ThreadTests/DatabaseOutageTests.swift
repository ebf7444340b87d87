import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct DatabaseOutageTests {
    @Test("a Postgres that is down shows in readyz while decisions go on, and is caught up with once it is back")
    func outage() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let cluster = try PrivateCluster.start(directory: folder + "/cluster", durability: .disposable)
            _ = try cluster.configuration()
            let url = "postgresql://charter@\(cluster.socketDirectory.replacing("/", with: "%2F"))/charter"
            let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
            let client = try charter.client()
            #expect(try client.check("database") == "ok")

            try cluster.stop(mode: .immediate)
            #expect(try eventually { try client.check("database") == "failing" })
            #expect(try client.get("/readyz").status == 200)
            #expect(try client.get("/healthz").status == 200)
            #expect(try (client.metric("charter_reconciles_total{outcome=\"failed\"}") ?? 0) > 0)
            #expect(try client.decide(Requests.costly).json["decision"] == false)
            // Git goes on deciding too.
            try repository.setCostLimit(to: "1.00")
            let commit = try repository.commit("Raise the limit")
            #expect(try eventually { try client.decide(Requests.costly).json["decision"] == true })
            #expect(try client.commitInForce() == commit)
            #expect(try client.check("database") == "failing")

            let restarted = try PrivateCluster.start(directory: folder + "/cluster", durability: .disposable)
            #expect(try eventually { try client.commitInDatabase() == commit })
            #expect(try client.check("database") == "ok")
            #expect(eventually { charter.program.errors.contains("database: working again") }, "\(charter.program.errors)")
            #expect(try charter.interrupt() == 0)
            // Another's server is not charter's to stop.
            let server = try #require(Postmaster(data: folder + "/cluster/data"))
            #expect(server.process == restarted.processIdentifier)
            try restarted.stop()
        }
    }

    @Test("a private Postgres that is killed is started again, corrected, and stopped in the end")
    func privateClusterKilled() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let charter = try RunningCharter(up: repository.path, state: folder + "/state")
            let client = try charter.client()
            let old = try #require(Postmaster(state: folder + "/state"))
            let before = try DeclaredState(old.connect())
            kill(old.process, SIGQUIT)
            #expect(eventually { !old.isAlive })
            #expect(try client.decide(Requests.everyday).json["decision"] == true)
            var new: Postmaster?
            #expect(
                try eventually {
                    new = Postmaster(state: folder + "/state")
                    return try new != nil && client.check("database") == "ok"
                }, "\(charter.program.errors)")
            let server = try #require(new)
            #expect(server.process != old.process)
            let database = try server.connect()
            try database.driftByHand()
            #expect(try eventually { try DeclaredState(database) == before })
            database.close()
            #expect(try charter.interrupt() == 0)
            #expect(!server.isAlive)
        }
    }

    @Test("a private Postgres that somebody restarts is gone on with, and stopped in the end")
    func privateClusterRestarted() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let charter = try RunningCharter(up: repository.path, state: folder + "/state")
            let client = try charter.client()
            let old = try #require(Postmaster(state: folder + "/state"))
            let other = try PrivateCluster.start(directory: folder + "/state/postgres")
            try other.stop()
            _ = try PrivateCluster.start(directory: folder + "/state/postgres")
            let server = try #require(Postmaster(state: folder + "/state"))
            #expect(server.process != old.process)
            try repository.setCostLimit(to: "1.00")
            let commit = try repository.commit("Raise the limit")
            #expect(try eventually { try client.commitInDatabase() == commit }, "\(charter.program.errors)")
            #expect(try client.check("database") == "ok")
            #expect(try charter.interrupt() == 0)
            #expect(Postmaster(state: folder + "/state") == nil)
        }
    }

    @Test("a connection that is cut in the middle of applying is begun anew, whole")
    func connectionCut() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let blocker = try PostgresConnection(.init(uri: url))
                try blocker.script("BEGIN; SELECT FROM governance.users WHERE name = 'ada' FOR UPDATE")
                try repository.replace("ada@acme.example", with: "lovelace@acme.example", in: "users/ada.yaml")
                try repository.addUser("barbara")
                let commit = try repository.commit("Change and add")
                let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'charter reconciler'"
                #expect(try eventually { try database.query("SELECT \(waiting) AND wait_event_type = 'Lock'").count == 1 })
                let old = try DeclaredState(database)
                _ = try database.query("SELECT pg_terminate_backend(pid) \(waiting)")
                #expect(try DeclaredState(database) == old)
                try blocker.script("ROLLBACK")
                blocker.close()
                #expect(try eventually { try client.commitInDatabase() == commit })
                let rows = try database.query("SELECT email FROM governance.users WHERE name IN ('ada', 'barbara') ORDER BY name")
                #expect(rows.map { $0["email"] } == ["lovelace@acme.example", "barbara@acme.example"])
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
