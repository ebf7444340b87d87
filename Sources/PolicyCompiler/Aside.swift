import Dispatch
import Synchronization

/// Work that is done beside other work.
final class Aside<Value: Sendable>: Sendable {
    private let result = Mutex<Value?>(nil)
    private let group = DispatchGroup()
    private let work: @Sendable () -> Value

    /// Begins at once, on another thread.
    init(_ work: @escaping @Sendable () -> Value) {
        self.work = work
        DispatchQueue.global().async(group: group) { [self] in
            let value = work()
            result.withLock { $0 = value }
        }
    }

    /// Waits for it.
    func value() -> Value {
        group.wait()
        return result.withLock { $0 } ?? work()
    }
}
