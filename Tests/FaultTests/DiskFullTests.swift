import Foundation
import Postgres
import TestSupport
import Testing

/// No space is left where Postgres writes.
@Suite struct DiskFullTests {
    @Test func `disk full under the tables`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(2000, at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            try SmallDisk.with(megabytes: 64, at: folder + "/disk") { disk in
                let space = disk.path + "/space"
                try FileManager.default.createDirectory(atPath: space, withIntermediateDirectories: true)
                try disk.give(space, as: cluster.directory + "/data")
                let maintenance = try cluster.connect()
                try maintenance.script("CREATE TABLESPACE small LOCATION '\(space)'")
                try maintenance.script("CREATE DATABASE crammed TABLESPACE small")
                let url = String(cluster.url.dropLast("charter".count)) + "crammed"
                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let connection = try PostgresConnection(.init(uri: url))
                let first = try people.repository.head
                try expectRecovery(to: first, by: client, charter)

                try disk.fill()
                let second = try people.commit(level: 1)
                try expectTold(.databaseFull, by: client, charter)
                #expect(try client.commitInForce() == second)
                #expect(try connection.heldCommit() == first)
                let held = try DeclaredState(connection)
                #expect(try held == ExactState.of(first, in: people.repository.path))
                disk.empty()
                try expectRecovery(to: second, by: client, charter)
                try expectExactly(second, of: people.repository.path, url, connection)
                #expect(try connection.appliedCommits() == [first, second])
                #expect(try charter.interrupt() == 0)
                connection.close()
                try cluster.stop(.immediate)
            }
        }
    }

    /// Postgres ends itself when it cannot write its log, and is started again by whoever looks after it once there is space.
    @Test func `disk full under the log of Postgres`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(2000, at: folder + "/acme")
            try SmallDisk.with(megabytes: 56, at: folder + "/disk") { disk in
                let cluster = try OwnCluster(in: folder)
                try cluster.set("max_wal_size", to: "32MB")
                try cluster.set("min_wal_size", to: "32MB")
                try cluster.stop(.fast)
                let log = cluster.directory + "/data/pg_wal"
                try FileManager.default.copyItem(atPath: log, toPath: disk.path + "/pg_wal")
                for entry in [""] + (FileManager.default.subpaths(atPath: log) ?? []).map({ "/" + $0 }) {
                    try disk.give(disk.path + "/pg_wal" + entry, as: cluster.directory + "/data")
                }
                try FileManager.default.removeItem(atPath: log)
                try FileManager.default.createSymbolicLink(atPath: log, withDestinationPath: disk.path + "/pg_wal")
                try cluster.start()

                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: cluster.url)
                let client = try charter.client()
                let first = try people.repository.head
                try expectRecovery(to: first, by: client, charter)
                try disk.fill()
                // As many as it takes until the log is at its end.
                var level = 0
                var isFull = false
                while !isFull, level < 40 {
                    level += 1
                    let commit = try people.commit(level: level)
                    #expect(try eventually { try client.commitInForce() == commit })
                    isFull =
                        try eventually {
                            let isHeld = try client.commitInDatabase() == commit
                            return try isHeld || client.tells(.databaseUnavailable) || client.tells(.databaseFull)
                        } && client.commitInDatabase() != commit
                }
                #expect(isFull)
                let last = try people.repository.head
                disk.empty()
                // It may have come up again by itself, or be going down.
                do { try cluster.start() } catch { try cluster.start() }
                try expectRecovery(to: last, by: client, charter)
                try expectExactly(last, of: people.repository.path, cluster.url, try cluster.connect())
                #expect(try charter.interrupt() == 0)
                try cluster.stop(.immediate)
            }
        }
    }
}
