import Glibc
import Synchronization

/// A line at a terminal that tells how far long work is, and is gone when the work is done. Nothing is written to anything but a terminal.
final class ProgressLine: Sendable {
    private static let interval = Duration.milliseconds(200)

    private let isShown = isatty(2) == 1
    private let start = ContinuousClock.now
    /// When it was written last.
    private let written = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter text: asked for if there is somebody to read it, and a new one is due.
    func tell(_ text: () -> String) {
        guard isShown else { return }
        written.withLock { written in
            let now = ContinuousClock.now
            guard now - (written ?? start) >= Self.interval else { return }
            written = now
            // Back to the line's beginning, and what stood there is erased (ECMA-48: EL).
            Terminal.errPart("\r\u{1b}[K… \(text())")
        }
    }

    func end() {
        guard isShown else { return }
        written.withLock { written in
            if written != nil { Terminal.errPart("\r\u{1b}[K") }
            written = nil
        }
    }
}
