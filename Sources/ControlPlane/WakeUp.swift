import Dispatch
import Synchronization

/// Wakes one thread that waits. However often it is signalled meanwhile, it wakes once.
final class WakeUp: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isPending = Atomic(false)

    func signal() {
        if !isPending.exchange(true, ordering: .acquiringAndReleasing) { semaphore.signal() }
    }

    /// Waits for a signal, so long at most.
    /// - Returns: whether there was one.
    @discardableResult
    func wait(nanoseconds: Int64) -> Bool {
        guard semaphore.wait(timeout: .now() + .nanoseconds(Int(clamping: nanoseconds))) == .success else { return false }
        // Before the work begins, so that what comes while it is done wakes again.
        isPending.store(false, ordering: .releasing)
        return true
    }
}
