import Glibc
import Postgres
import TestSupport
import Testing

/// kill -9 of whoever applies.
@Suite(.serialized) struct KillTests {
    /// Where the database shows that a kill has landed.
    private struct Landings: Sendable, CustomStringConvertible {
        var before = 0
        var inside = 0
        var after = 0

        var all: Int { before + inside + after }
        var description: String { "\(before) before, \(inside) inside, \(after) after" }
    }

    /// One database, brought from commit to commit by processes that are killed on the way.
    private struct Victim {
        let people: People
        let commits: [String]
        let url: String
        let connection: PostgresConnection
        let reference: DeclaredState
        var held = 0
        var landings = Landings()
        /// How long the lock is held by an apply that nobody disturbs.
        var span = Duration.zero

        func start(_ level: Int) throws -> ChildProgram {
            try ChildProgram(
                [CharterProgram.path, "reconcile", people.repository.path, "--branch", "level-\(level)", "--once", "--database", url],
                in: "/tmp")
        }

        /// Waits until the process holds the lock; whether it does before it ends.
        func waitForLock(_ program: ChildProgram) throws -> Bool {
            while program.isRunning {
                if try connection.isApplying() { return true }
                usleep(500)
            }
            return false
        }

        /// Applies a level in peace.
        mutating func apply(_ level: Int) throws {
            let program = try start(level)
            var begin: ContinuousClock.Instant?
            if try waitForLock(program) {
                begin = .now
                while try connection.isApplying() { usleep(500) }
            }
            // The shortest was the least disturbed.
            if let begin { span = span == .zero ? .now - begin : min(span, .now - begin) }
            guard try program.wait() == 0 else { throw Failure(program.errors) }
            held = level
        }

        mutating func kill(towards level: Int, _ generator: inout SeededGenerator) throws {
            let program = try start(level)
            // One in ten at any instant since the start of the process; the others as long after the lock was taken as it may be held.
            if Int.random(in: 0..<10, using: &generator) == 0 {
                Self.wait(.milliseconds(Int.random(in: 0..<1000, using: &generator)))
            } else if try waitForLock(program) {
                Self.wait(span * Double.random(in: 0..<1.1, using: &generator))
            }
            let wasApplying = try connection.isApplying()
            program.signal(SIGKILL)
            try program.wait()
            guard try eventually({ try connection.reconcilerBackends().isEmpty }) else {
                throw Failure("the server goes on for a client that is dead")
            }
            let commit = try connection.heldCommit()
            #expect(commit == commits[held] || commit == commits[level], "killed on the way from \(held) to \(level)")
            if commit == commits[level] {
                landings.after += 1
                held = level
            } else if wasApplying {
                landings.inside += 1
            } else {
                landings.before += 1
            }
            #expect(try DeclaredState(connection, atLevel: held) == reference, "killed on the way from \(held) to \(level)")
        }

        /// Sleeping is too coarse.
        private static func wait(_ time: Duration) {
            let end = ContinuousClock.now + time
            while ContinuousClock.now < end { usleep(100) }
        }
    }

    @Test func `kill -9 of the applying process at 100 random instants of an apply`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the kills: \(seed)")
        let count = 50
        try TemporaryFolder.with { folder in
            let people = try People(2000, at: folder + "/acme")
            let reference = try ExactState.ofAnyLevel(of: people)
            var commits = [try people.repository.head]
            for level in 1...count + 2 { commits.append(try people.commit(level: level)) }
            for (level, commit) in commits.enumerated() { try people.repository.git("branch", "level-\(level)", commit) }
            let every = commits
            let workers = (0..<2).map { worker in
                Background { () -> Landings in
                    var generator = SeededGenerator(seed: seed &+ UInt64(worker))
                    return try SharedPostgres.withDatabase { url, connection in
                        var victim = Victim(
                            people: people, commits: every, url: url, connection: connection, reference: reference)
                        try victim.apply(0)
                        try victim.apply(1)
                        for level in 2...count + 1 { try victim.kill(towards: level, &generator) }
                        try victim.apply(count + 2)
                        try expectExactly(every[count + 2], of: people.repository.path, url, connection)
                        return victim.landings
                    }
                }
            }
            let landings = try workers.map { try $0.value(within: .seconds(3600)) }
            print("kills landed: \(landings.map(\.description).joined(separator: "; "))")
            #expect(landings.map(\.all).reduce(0, +) == 2 * count)
            #expect(landings.map(\.inside).reduce(0, +) >= count, "too few landed inside an apply")
        }
    }

    @Test func `kill -9 of the daemon while it applies, again and again`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the daemon's kills: \(seed)")
        var generator = SeededGenerator(seed: seed)
        try TemporaryFolder.with { folder in
            let people = try People(1000, at: folder + "/acme")
            let reference = try ExactState.ofAnyLevel(of: people)
            try SharedPostgres.withDatabase { url, connection in
                var level = 0
                for _ in 0..<8 {
                    let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                    // It goes on by itself from what the killed one left.
                    try expectRecovery(to: try people.repository.head, by: try charter.client(), charter)
                    #expect(try DeclaredState(connection, atLevel: level) == reference)
                    level += 1
                    let commit = try people.commit(level: level)
                    #expect(try eventually { try connection.isApplying() || connection.heldCommit() == commit })
                    usleep(UInt32.random(in: 0..<100_000, using: &generator))
                    charter.program.signal(SIGKILL)
                    try charter.program.wait()
                    #expect(try eventually { try connection.reconcilerBackends().isEmpty })
                    let held = try connection.heldCommit() == commit ? level : level - 1
                    #expect(try DeclaredState(connection, atLevel: held) == reference)
                }
                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                try expectRecovery(to: try people.repository.head, by: try charter.client(), charter)
                try expectExactly(try people.repository.head, of: people.repository.path, url, connection)
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
