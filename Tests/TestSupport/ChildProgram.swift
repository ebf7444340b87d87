import Foundation
import Glibc

/// A program that runs, with what it has written so far.
///
/// It leads a process group of its own, so that everything it starts can be ended with it. What it writes goes into files without names:
/// nobody needs to read along to keep it from blocking.
package final class ChildProgram {
    package let process: pid_t
    private let outputFile: Int32
    private let errorFile: Int32
    /// The exit code, 128 and its number for a signal; `nil` while it runs.
    package private(set) var status: Int32?

    package init(_ arguments: [String], in folder: String, input: [UInt8] = [], environment: [String: String] = [:]) throws {
        let inputFile = try Self.namelessFile()
        defer { close(inputFile) }
        outputFile = try Self.namelessFile()
        errorFile = try Self.namelessFile()
        guard write(inputFile, input, input.count) == input.count else { throw Failure("the input of \(arguments) cannot be written") }
        lseek(inputFile, 0, SEEK_SET)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in [inputFile, outputFile, errorFile].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        // The test runner may ignore signals that the program is to be stopped by.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))

        let command = ["/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", folder] + arguments
        let argv = command.map { strdup($0) } + [nil]
        let envp = Self.environment(environment).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in argv + envp { free(string) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, command[0], &actions, &attributes, argv, envp)
        guard code == 0 else { throw Failure("\(arguments[0]): \(String(cString: strerror(code)))") }
        self.process = process
    }

    deinit {
        end()
        close(outputFile)
        close(errorFile)
    }

    package var output: String { String(decoding: outputBytes, as: UTF8.self) }
    package var outputBytes: [UInt8] { Self.bytes(of: outputFile) }
    package var errors: String { String(decoding: Self.bytes(of: errorFile), as: UTF8.self) }

    package var isRunning: Bool {
        guard status == nil else { return false }
        var word: Int32 = 0
        guard waitpid(process, &word, WNOHANG) == process else { return true }
        status = word & 0x7F == 0 ? (word >> 8) & 0xFF : 128 + (word & 0x7F)
        return false
    }

    package func signal(_ number: Int32) { if isRunning { kill(process, number) } }

    /// Waits until it has ended; its exit code.
    @discardableResult
    package func wait(within time: Duration = .seconds(600)) throws -> Int32 {
        guard eventually(within: time, { !isRunning }), let status else {
            end()
            throw Failure("the program did not end within \(time)\n\(output)\n\(errors)")
        }
        return status
    }

    /// Ends it and what it started, without asking.
    package func end() {
        kill(-process, SIGKILL)
        _ = eventually { !isRunning }
    }

    private static func namelessFile() throws -> Int32 {
        var template = Array("/tmp/charter-thread-tests-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw Failure("no temporary file can be made: \(String(cString: strerror(errno)))") }
        unlink(template)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        _ = fcntl(file, F_SETFL, O_APPEND)
        return file
    }

    private static func bytes(of file: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(file, &chunk, chunk.count, off_t(bytes.count))
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// The surroundings' own, less everything that would change what git, Postgres and Charter do.
    private static func environment(_ additions: [String: String]) -> [String: String] {
        let strange = ["GIT_", "PG", "CHARTER_", "DATABASE_URL"]
        return ProcessInfo.processInfo.environment
            .filter { variable in !strange.contains { variable.key.hasPrefix($0) } }
            .merging(["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"]) { $1 }
            .merging(additions) { $1 }
    }
}

/// What a program that has ended left behind.
package struct Outcome: Equatable, CustomStringConvertible {
    package var status: Int32
    package var output: String
    package var errors: String

    package init(status: Int32, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    package var description: String { "exit code \(status)\n--- output\n\(output)\n--- errors\n\(errors)" }

    /// Whether it failed as a command may: with this exit code and one line for people on standard error.
    package func isClearFailure(_ expected: Int32, naming text: String? = nil) -> Bool {
        let lines = errors.split(separator: "\n").filter { $0.hasPrefix("charter: ") }
        return status == expected && lines.count == 1 && (text.map { lines[0].contains($0) } ?? true) && !errors.contains("Fatal error")
    }
}
