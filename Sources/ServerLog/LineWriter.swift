import Foundation
import Glibc
import Synchronization
import Waiting

/// Writes lines to a file descriptor on a thread of its own, so that whoever logs never waits for whoever reads. Where the reader is slower than the
/// lines come, some are left out, and it is told how many.
public final class LineWriter: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var leftOut = 0
        var isWriting = false
    }

    /// What may wait.
    private static let most = 4 << 20

    private let descriptor: Int32
    /// Makes the line that tells how many were left out.
    private let notice: @Sendable (Int) -> String
    private let state = Mutex(State())
    private let wake = WakeUp()

    public init(_ descriptor: Int32, notice: @escaping @Sendable (_ leftOut: Int) -> String) {
        self.descriptor = descriptor
        self.notice = notice
        let thread = Thread { [weak self, wake] in
            while true {
                // As long as nothing is written, nobody is kept.
                wake.wait(.seconds(60))
                guard let self else { return }
                self.drain()
            }
        }
        thread.name = "log lines"
        thread.start()
    }

    deinit { wake.signal() }

    /// Takes a line, which gets its end here.
    public func write(_ line: String) {
        state.withLock { state in
            guard state.bytes.count + line.utf8.count < Self.most else {
                state.leftOut += 1
                return
            }
            state.bytes += line.utf8
            state.bytes.append(0x0A)
        }
        wake.signal()
    }

    /// Waits until all that was taken is written, for `time` at most.
    public func flush(within time: Duration = .seconds(2)) {
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline {
            let isDone = state.withLock { $0.bytes.isEmpty && !$0.isWriting }
            if isDone { return }
            wake.signal()
            usleep(1_000)
        }
    }

    private func drain() {
        while true {
            let bytes = state.withLock { state in
                var bytes = state.bytes
                state.bytes.removeAll(keepingCapacity: bytes.count < 1 << 16)
                if state.leftOut > 0 {
                    bytes += notice(state.leftOut).utf8
                    bytes.append(0x0A)
                    state.leftOut = 0
                }
                state.isWriting = !bytes.isEmpty
                return bytes
            }
            if bytes.isEmpty { return }
            write(bytes)
            state.withLock { $0.isWriting = false }
        }
    }

    private func write(_ bytes: [UInt8]) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                usleep(10_000)
                continue
            }
            // A reader that went away wants no more.
            if count <= 0 { return }
            written += count
        }
    }
}
