import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct StartAndStopTests {
    @Test("a port in use is named, and nothing is left behind")
    func portInUse() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let taken = try LoopbackListener()
            let outcome = try CharterProgram.run("up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:\(taken.port)")
            #expect(outcome.isClearFailure(75, naming: "\(taken.port)"), "\(outcome)")
            #expect(Postmaster(state: folder + "/state") == nil)
        }
    }

    @Test("a state folder of another version, and a folder that is none, are refused and left alone")
    func otherState() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let state = folder + "/state"
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            try Data("7\n".utf8).write(to: URL(fileURLWithPath: state + "/version"))
            for command in ["up", "reconcile", "drift"] {
                let other = try CharterProgram.run(command, repository.path, "--state", state)
                #expect(other.isClearFailure(1, naming: "version 7"), "\(other)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: state).filter { $0 != "lock" } == ["version"])

            try Data("dear diary".utf8).write(to: URL(fileURLWithPath: folder + "/diary"))
            for command in ["up", "reconcile"] {
                let strange = try CharterProgram.run(command, repository.path, "--state", folder)
                #expect(strange.isClearFailure(1, naming: "no state folder"), "\(strange)")
            }
            let file = try CharterProgram.run("up", repository.path, "--state", folder + "/diary")
            #expect(file.isClearFailure(1, naming: "diary"), "\(file)")
            #expect(try String(contentsOfFile: folder + "/diary", encoding: .utf8) == "dear diary")
        }
    }

    @Test("a second charter up on the same state folder is refused, and the first goes on")
    func twoAtOnce() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let second = try CharterProgram.run(
                    "up", repository.path, "--state", folder + "/state", "--database", url, "--listen", "127.0.0.1:0")
                #expect(second.isClearFailure(75, naming: folder + "/state"), "\(second)")
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                #expect(try charter.interrupt() == 0)
                // The lock goes with its holder.
                let third = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                _ = try third.client()
                #expect(try third.interrupt() == 0)
            }
        }
    }

    @Test("Ctrl-C during the start leaves no process and no socket, at whatever step it comes")
    func interruptedStart() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            for (number, step) in ["starting a private Postgres", "initialising Postgres", "starting Postgres", "reconciling"].enumerated()
            {
                let state = folder + "/state\(number)"
                let charter = try RunningCharter(up: repository.path, state: state)
                #expect(eventually { charter.program.errors.contains(step) })
                #expect(try charter.interrupt() == 0, "\(step): \(charter.program.errors)")
                #expect(try processes(below: state).isEmpty, "\(step)")
                #expect(sockets(below: state).isEmpty, "\(step)")

                let again = try RunningCharter(up: repository.path, state: state)
                #expect(try again.client().decide(Requests.everyday).json["decision"] == true, "\(step)")
                #expect(try again.interrupt() == 0)
                #expect(try processes(below: state).isEmpty, "\(step)")
            }
        }
    }

    @Test("a charter killed outright while initdb runs is started again as if nothing had been")
    func killedStart() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let state = folder + "/state"
            let charter = try RunningCharter(up: repository.path, state: state)
            #expect(
                eventually {
                    let names = (try? FileManager.default.contentsOfDirectory(atPath: state + "/postgres")) ?? []
                    return names.contains { FileManager.default.fileExists(atPath: "\(state)/postgres/\($0)/PG_VERSION") }
                })
            charter.program.signal(SIGKILL)
            try charter.program.wait()
            // The initdb that has outlived its charter is in nobody's way.
            let again = try RunningCharter(up: repository.path, state: state)
            #expect(try again.client().decide(Requests.everyday).json["decision"] == true)
            #expect(try again.interrupt() == 0)
            #expect(try eventually { try processes(below: state).isEmpty })
        }
    }

    /// Processes whose working directory is in the folder.
    private func processes(below folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard let process = pid_t(name), isRunning(process), let place = realpath("/proc/\(name)/cwd", nil) else { return false }
            defer { free(place) }
            return String(cString: place).hasPrefix(folder)
        }
    }

    private func sockets(below folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter { $0.contains(".s.PGSQL") }
    }
}
