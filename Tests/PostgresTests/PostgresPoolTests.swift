import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite struct PostgresPoolTests {
    private struct Stop: Error {}

    @Test("a pool never has more connections than its size, and serves everyone")
    func boundedSize() async throws {
        let pool = PostgresPool(configuration: try TestCluster.configuration(), size: 3)
        defer { pool.close() }
        let processes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try await pool.withConnection { connection in
                        guard try connection.query("SELECT $1::int", [.int(Int64(number))])[0][0] == String(number) else { throw Stop() }
                        return connection.serverProcess
                    }
                }
            }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect((1...3).contains(processes.count))
    }

    @Test("a pool recovers from a killed backend")
    func recovers() async throws {
        let pool = PostgresPool(configuration: try TestCluster.configuration(), size: 1)
        defer { pool.close() }
        let first = try await pool.withConnection { $0.serverProcess }
        let admin = try TestCluster.connect()
        try admin.execute("SELECT pg_terminate_backend($1, 120000)", [.int(Int64(first))])
        let second = try await pool.withConnection { connection in
            try connection.execute("SELECT 1")
            return connection.serverProcess
        }
        #expect(first != second)
        await #expect(throws: PostgresError.self) {
            try await pool.withConnection { try $0.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
        }
        #expect(try await pool.withConnection { try $0.query("SELECT 1")[0][0] } == "1")
    }

    @Test("a transaction left open is rolled back before the next use")
    func leftOpen() async throws {
        let pool = PostgresPool(configuration: try TestCluster.configuration(), size: 1)
        defer { pool.close() }
        await #expect(throws: Stop.self) {
            try await pool.withConnection { connection in
                try connection.script("BEGIN; CREATE TABLE left_open (a int)")
                throw Stop()
            }
        }
        let state = try await pool.withConnection { connection in
            (connection.isInTransaction, try connection.query("SELECT to_regclass('left_open')")[0][0])
        }
        #expect(!state.0 && state.1 == nil)
    }

    @Test("a pool waits for a server that comes up later, with backoff")
    func serverComesUp() async throws {
        let directory = try TemporaryDirectory.make()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let cluster = try PrivateCluster.start(directory: directory, durability: .disposable)
        let configuration = try cluster.configuration()
        let pool = PostgresPool(configuration: configuration, size: 1, reopenTimeout: .seconds(600))
        defer { pool.close() }
        #expect(try await pool.withConnection { $0.isUsable })
        try cluster.stop()
        async let answer = pool.withConnection { try $0.query("SELECT 1")[0][0] }
        let again = try PrivateCluster.start(directory: directory, durability: .disposable)
        #expect(try await answer == "1")
        try again.stop(mode: .immediate)
    }

    @Test("a server that stays down is an error after the time, and a refusal at once")
    func serverStaysDown() async throws {
        let down = PostgresConfiguration(socketDirectory: "/nonexistent", user: "u", database: "d")
        let pool = PostgresPool(configuration: down, size: 1, reopenTimeout: .milliseconds(120))
        let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
        #expect(error?.kind == .connection)
        let missing = try TestCluster.configuration().with(database: "none")
        let refusing = PostgresPool(configuration: missing, size: 1, reopenTimeout: .seconds(600))
        let refusal = await #expect(throws: PostgresError.self) { try await refusing.withConnection { _ in } }
        #expect(refusal?.sqlState == "3D000")
    }

    @Test("a task cancelled while it waits gives up its place; one that runs goes on")
    func cancelledWaiter() async throws {
        let pool = PostgresPool(configuration: try TestCluster.configuration(), size: 1)
        defer { pool.close() }
        let (isRunning, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let running = Task {
            try await pool.withConnection { _ in
                isRunning.signal()
                gate.wait()
                return true
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                isRunning.wait()
                continuation.resume()
            }
        }
        let waiting = Task { try await pool.withConnection { _ in } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        running.cancel()
        gate.signal()
        #expect(try await running.value)
        #expect(try await pool.withConnection { $0.isUsable })
    }

    @Test("a closed pool refuses, and its connections are gone")
    func closes() async throws {
        var configuration = try TestCluster.configuration()
        configuration.applicationName = "pool that closes"
        let pool = PostgresPool(configuration: configuration, size: 2)
        try await pool.withConnection { _ in }
        pool.close()
        pool.close()
        let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
        #expect(error?.kind == .usage)
        let admin = try TestCluster.connect()
        let open = "SELECT FROM pg_stat_activity WHERE application_name = 'pool that closes'"
        #expect(try eventually { try admin.query(open).isEmpty })
    }
}
