import Foundation
import Postgres
import Testing

@testable import Reconciler

/// A Postgres as providers rent it out: its owner may make roles and databases, and is no superuser.
@Suite struct ManagedPostgresTests {
    @Test func `an owner who is no superuser can migrate, apply, find who changed what, and correct it`() throws {
        try TemporaryDirectory.with { folder in
            let cluster = try PrivateCluster.start(directory: folder + "/postgres", durability: .disposable)
            defer { try? cluster.stop(mode: .immediate) }
            let admin = try PostgresConnection(try cluster.configuration(database: "postgres"))
            try admin.script("CREATE ROLE renter LOGIN CREATEROLE CREATEDB")
            try admin.script("CREATE DATABASE rented OWNER renter")
            admin.close()
            let configuration = PostgresConfiguration(uri: "postgresql://renter@/rented?host=\(cluster.socketDirectory)")
            let reconciler = Reconciler(configuration)
            defer { reconciler.close() }
            try reconciler.migrate()
            let desired = try SmallOrganization().desired()
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .applied)
            let renter = try PostgresConnection(configuration)
            defer { renter.close() }
            try renter.script("SET application_name = 'by hand'; UPDATE governance.users SET email = 'x' WHERE name = 'ada'")
            let corrected = try reconciler.sync(desired, driftMode: .correct)
            #expect(corrected.outcome == .corrected)
            #expect(corrected.plan.touches["User/ada"]?.sessionRole == "renter")
            #expect(corrected.plan.touches["User/ada"]?.application == "by hand")
            try reconciler.suspend(reason: "", operator: "me")
            #expect(try reconciler.orders().directives.suspension?.databaseUser == "renter")
            // A second database of the same cluster finds the roles made.
            try renter.script("CREATE DATABASE second")
            let second = Reconciler(PostgresConfiguration(uri: "postgresql://renter@/second?host=\(cluster.socketDirectory)"))
            defer { second.close() }
            try second.migrate()
            #expect(try second.sync(desired, driftMode: .correct).outcome == .applied)
        }
    }
}
