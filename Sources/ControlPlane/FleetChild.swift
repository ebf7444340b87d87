import Dispatch
import Foundation
import Glibc
import GovernanceModel
import Synchronization

/// A `charter up` of one organisation, as a process of its own.
///
/// It ends by itself when this process does, however that comes: the other end of its standard input is then closed.
final class FleetChild: Sendable {
    private let process: Process
    private let life: Pipe
    private let ended: DispatchGroup
    private let hasEndedFlag: StopFlag

    /// Between making pipes and starting a child with them no other may start: it would keep them open.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - said: given each line that it writes, and whether it came on standard error.
    ///   - onEnd: called once it has ended and everything that it wrote was passed on.
    init(
        _ launch: FleetLaunch, said: @escaping @Sendable (String, Bool) -> Void, onEnd: @escaping @Sendable () -> Void
    ) throws(ControlError) {
        let ended = DispatchGroup()
        let flag = StopFlag()
        self.ended = ended
        hasEndedFlag = flag
        let process = Process()
        self.process = process
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = launch.arguments
        process.environment = launch.environment
        // Its end, and the ends of what it writes.
        for _ in 0..<3 { ended.enter() }
        process.terminationHandler = { _ in ended.leave() }
        let (pipes, failure) = Self.starting.withLock { _ -> ([Pipe], (any Error)?) in
            let pipes = (0..<3).map { _ in Pipe() }
            for handle in pipes.flatMap({ [$0.fileHandleForReading, $0.fileHandleForWriting] }) {
                _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
            (process.standardInput, process.standardOutput, process.standardError) = (pipes[0], pipes[1], pipes[2])
            do {
                try process.run()
                return (pipes, nil)
            } catch {
                return (pipes, error)
            }
        }
        life = pipes[0]
        if let failure {
            for _ in 0..<3 { ended.leave() }
            throw ControlError(.internalError, "it cannot be started: \(failure.localizedDescription)")
        }
        for (pipe, isError) in [(pipes[1], false), (pipes[2], true)] {
            Lines.read(pipe) {
                said($0, isError)
            } atEnd: {
                ended.leave()
            }
        }
        ended.notify(queue: .global()) {
            flag.set()
            onEnd()
        }
    }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Whether it has ended, and all that it wrote was passed on.
    var hasEnded: Bool { hasEndedFlag.isSet }

    /// How it has ended, for people.
    var ending: String {
        process.terminationReason == .exit
            ? "ended with exit code \(process.terminationStatus)" : "was ended by signal \(process.terminationStatus)"
    }

    /// Asks it to stop, and ends it if it does not within so many seconds.
    ///
    /// - Returns: whether it stopped by itself.
    func stop(within seconds: Double) -> Bool {
        if process.isRunning { kill(processIdentifier, SIGTERM) }
        if ended.wait(timeout: .now() + seconds) == .success { return true }
        if process.isRunning { kill(processIdentifier, SIGKILL) }
        _ = ended.wait(timeout: .now() + 5)
        return false
    }
}

/// What a pipe brings, by lines.
private enum Lines {
    /// A line that is longer comes in parts.
    private static let longest = 64 << 10

    static func read(_ pipe: Pipe, _ line: @escaping @Sendable (String) -> Void, atEnd: @escaping @Sendable () -> Void) {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread {
            var rest: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = Glibc.read(handle.fileDescriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
                rest += chunk[..<count]
                var start = 0
                while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                    line(String(decoding: rest[start..<end], as: UTF8.self))
                    start = end + 1
                }
                rest.removeFirst(start)
                if rest.count > longest {
                    line(String(decoding: rest, as: UTF8.self))
                    rest = []
                }
            }
            if !rest.isEmpty { line(String(decoding: rest, as: UTF8.self)) }
            try? handle.close()
            atEnd()
        }
    }
}
