import Foundation
import Postgres
import TestSupport
import Testing

import class TestSupport.Background

@testable import Reconciler

/// A server that comes and goes.
@Suite struct AvailabilityTests {
    /// Calls `body` with a cluster of its own, stopped and removed at the end.
    private func withCluster(_ body: (PrivateCluster, _ restart: () throws -> PrivateCluster) throws -> Void) throws {
        try TemporaryDirectory.with { path in
            let directory = path + "/cluster"
            var running = try PrivateCluster.start(directory: directory, durability: .disposable)
            defer { try? running.stop(mode: .immediate) }
            try body(running) {
                running = try PrivateCluster.start(directory: directory, durability: .disposable)
                return running
            }
        }
    }

    /// What stays the same when the server runs again; no connection of the test's own is kept over a stop.
    private func differenceCount(_ desired: DesiredState, _ configuration: PostgresConfiguration) throws -> Int {
        let reconciler = Reconciler(configuration)
        defer { reconciler.close() }
        return try reconciler.plan(desired).plan.rowCount
    }

    @Test func `a server that is down is a clear error that may pass`() throws {
        try TemporaryDirectory.with { path in
            let configuration = PostgresConfiguration(socketDirectory: path, user: "charter", database: "charter")
            let reconciler = Reconciler(configuration)
            let desired = try SmallOrganization().desired()
            for call in [
                { try reconciler.migrate() }, { _ = try reconciler.revision() }, { _ = try reconciler.plan(desired) },
                { _ = try reconciler.sync(desired, driftMode: .correct) },
            ] {
                let error = try #require(reconcilerError(call))
                guard case .database(let cause) = error else {
                    Issue.record(error)
                    continue
                }
                #expect(cause.kind == .connection)
                #expect(error.isTransient)
                #expect(error.description.contains("postgres connection: ") && error.description.contains(path), "\(error)")
            }
        }
    }

    @Test(arguments: [PrivateCluster.StopMode.fast, .immediate])
    func `a reconciler goes on by itself when the server was restarted`(mode: PrivateCluster.StopMode) throws {
        try withCluster { cluster, restart in
            let reconciler = Reconciler(try cluster.configuration())
            defer { reconciler.close() }
            var organization = SmallOrganization()
            try reconciler.migrate()
            _ = try reconciler.sync(try organization.desired("a"), driftMode: .correct)

            try cluster.stop(mode: mode)
            let down = try #require(reconcilerError { try reconciler.sync(try organization.desired("a"), driftMode: .correct) })
            #expect(down.isTransient, "\(down)")
            _ = try restart()
            #expect(try reconciler.sync(try organization.desired("a"), driftMode: .correct).outcome == .unchanged)

            // Stopped and started between two calls: the reconciler's connection is dead and it does not know yet.
            try restart().stop(mode: mode)
            _ = try restart()
            organization.files["cleo.yaml"] = nil
            let result = try reconciler.sync(try organization.desired("b"), driftMode: .correct)
            #expect(result.outcome == .applied)
            #expect(result.revision?.epoch == 2)
        }
    }

    @Test(arguments: [PrivateCluster.StopMode.fast, .immediate])
    func `a server stopped during a sync has written nothing`(mode: PrivateCluster.StopMode) throws {
        try withCluster { cluster, restart in
            let configuration = try cluster.configuration()
            var organization = SmallOrganization()
            let first = try organization.desired("a")
            let reconciler = Reconciler(configuration)
            defer { reconciler.close() }
            try reconciler.migrate()
            _ = try reconciler.sync(first, driftMode: .correct)
            organization.files["cleo.yaml"] = nil
            let next = try organization.desired("b")

            let blocker = try PostgresConnection(configuration)
            try blocker.script("BEGIN; LOCK TABLE governance.revision IN EXCLUSIVE MODE")
            let sync = Background { try Reconciler(configuration).sync(next, driftMode: .correct) }
            // A connection outside any transaction: inside one the activity is always that of the first look.
            let observer = try PostgresConnection(configuration)
            let blocked = "SELECT FROM pg_stat_activity WHERE application_name = 'charter reconciler' AND wait_event_type = 'Lock'"
            #expect(try eventually { try !observer.query(blocked).isEmpty })
            try cluster.stop(mode: mode)
            let error = try #require(reconcilerError { try sync.value() })
            #expect(error.isTransient, "\(error)")

            _ = try restart()
            #expect(try differenceCount(first, configuration) == 0)
            #expect(try reconciler.revision()?.epoch == 1)
            #expect(try reconciler.sync(next, driftMode: .correct).revision?.epoch == 2)
            #expect(try differenceCount(next, configuration) == 0)
        }
    }

    @Test func `databases of a new cluster can be migrated at the same time`() throws {
        try withCluster { cluster, _ in
            let configurations = try (0..<6).map { try cluster.configuration(database: "organization_\($0)") }
            let calls = configurations.map { configuration in Background { try Reconciler(configuration).migrate() } }
            for call in calls { try call.value() }
            let desired = try SmallOrganization().desired()
            for configuration in configurations {
                let reconciler = Reconciler(configuration)
                defer { reconciler.close() }
                #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .applied)
            }
        }
    }

    @Test func `a reconciler without rights to migrate is told so`() throws {
        try withCluster { cluster, _ in
            let configuration = try cluster.configuration()
            var weak = configuration
            try PostgresConnection(configuration).script("CREATE ROLE weak NOLOGIN")
            weak.role = "weak"
            let reconciler = Reconciler(weak)
            defer { reconciler.close() }
            let error = try #require(reconcilerError { try reconciler.migrate() })
            guard case .database(let cause) = error else {
                Issue.record(error)
                return
            }
            #expect(cause.sqlState == "42501")
            #expect(!error.isTransient)
        }
    }
}
