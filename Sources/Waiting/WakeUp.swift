import Glibc

/// Wakes one thread that waits. However often it is signalled meanwhile, it wakes once.
///
/// How long it waits at most is measured by a clock that nobody sets. A timed wait of Dispatch's semaphores lasts, on Linux, until an instant of the wall
/// clock: where that is set back by two days, it lasts for two days.
public final class WakeUp: Sendable {
    // INVARIANT: both are open until `deinit`. No byte in the pipe means not signalled.
    private let reading: Int32
    private let writing: Int32

    /// Where the process has no file descriptors left, signals are not heard, and waits last until their end.
    public init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        reading = ends[0]
        writing = ends[1]
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A pipe that is full has been signalled often enough.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// Ends the wait that is under way, or the next one at once; can be called from any thread, more than once.
    public func signal() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Waits for `signal`, or until `time` is over.
    /// - Returns: whether it was signalled, which is forgotten with this.
    @discardableResult
    public func wait(_ time: Duration) -> Bool {
        let deadline = ContinuousClock.now + time
        var ready = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&ready, 1, Self.milliseconds(deadline - .now))
            if count > 0 { break }
            guard ContinuousClock.now < deadline else { return false }
        }
        // Before the work begins, so that what comes while it is done wakes again.
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(reading, &bytes, bytes.count) == bytes.count {}
        return true
    }

    /// The same for so many nanoseconds.
    @discardableResult
    public func wait(nanoseconds: Int64) -> Bool { wait(.nanoseconds(nanoseconds)) }

    /// Rounded up, so that a short time does not become none; a long one is waited for in parts.
    private static func milliseconds(_ time: Duration) -> Int32 {
        let (seconds, attoseconds) = time.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int32(min(seconds, 86_400)) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
