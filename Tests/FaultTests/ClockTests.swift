import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// The machine's clock jumps.
@Suite struct ClockTests {
    /// The library of Debian's `faketime`, which gives one process another clock.
    private static func library() -> String? {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }.first { access($0, R_OK) == 0 }
    }

    @Test func `the clock set back by two days, and ahead by ten`() throws {
        guard let library = Self.library() else {
            print("\n!!! NOT TESTED: a clock that jumps. faketime is not installed (deploy/install-packages.sh does that)\n")
            return
        }
        try TemporaryFolder.with { folder in
            let people = try People(200, at: folder + "/acme")
            let clock = folder + "/clock"
            func set(_ offset: String) throws { try offset.write(toFile: clock, atomically: true, encoding: .utf8) }
            try set("+0d")
            try SharedPostgres.withDatabase { url, connection in
                let charter = try RunningCharter(
                    ["up", people.repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--poll-interval", "0.1"]
                        + ["--database", url],
                    environment: [
                        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    ])
                let client = try charter.client()
                func checked() throws -> String { try client.get("/v1/drift").json["checkedAt"]?.stringValue ?? "" }
                try expectRecovery(to: try people.repository.head, by: client, charter)
                for (level, offset) in ["-2d", "+10d", "+0d"].enumerated() {
                    let before = try checked()
                    try set(offset)
                    // The daemon lives by the new time: its looks for drift carry it.
                    let isMoved = try eventually { try offset == "+10d" ? checked() > before : checked() < before }
                    #expect(isMoved, "the clock of \(before) was set to \(offset)")
                    let commit = try people.commit(level: level + 1)
                    try expectRecovery(to: commit, by: client, charter)
                    try connection.script("UPDATE governance.users SET display_name = 'Somebody else' WHERE name = 'person-7'")
                    #expect(
                        try eventually {
                            try connection.query("SELECT FROM governance.users WHERE display_name = 'Somebody else'").isEmpty
                        })
                    try expectExactly(commit, of: people.repository.path, url, connection)
                }
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    /// A wait until an instant of the wall clock would last as much longer as the clock is set back. The kernel tells what each thread waits
    /// for: `futex` with `FUTEX_CLOCK_REALTIME` and a time.
    @Test func `no loop of the daemon waits by the wall clock`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(10, at: folder + "/acme")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                try expectRecovery(to: try people.repository.head, by: try charter.client(), charter)
                let process = charter.program.process
                var seen: Set<String> = []
                var wall: Set<String> = []
                let loops: Set<String> = ["main", "database"]
                // For two seconds, and on a busy machine until each has been seen waiting.
                let (end, last) = (ContinuousClock.now + .seconds(2), ContinuousClock.now + .seconds(60))
                while ContinuousClock.now < end || (!seen.isSuperset(of: loops) && ContinuousClock.now < last) {
                    for task in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? [] {
                        let folder = "/proc/\(process)/task/\(task)"
                        guard let call = try? String(contentsOfFile: folder + "/syscall", encoding: .utf8),
                            let name = try? String(contentsOfFile: folder + "/comm", encoding: .utf8)
                        else { continue }
                        let words = call.split(separator: " ")
                        let thread = pid_t(task) == process ? "main" : name.trimmingCharacters(in: .newlines)
                        guard words.count > 5 else { continue }
                        seen.insert(thread)
                        let operation = Int(words[2].dropFirst(2), radix: 16) ?? 0
                        // 202 and 98: the number of `futex` on x86-64 and on ARM.
                        if ["202", "98"].contains(words[0]), operation & 0x100 != 0, words[4] != "0x0" { wall.insert(thread) }
                    }
                    usleep(1000)
                }
                #expect(seen.isSuperset(of: loops), "\(seen)")
                #expect(wall.isDisjoint(with: loops), "\(wall)")
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
