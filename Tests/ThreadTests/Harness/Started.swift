import Foundation
import Synchronization
import TestSupport

/// A call on a thread of its own, so that a test can do something in the meantime.
final class Started<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Value) {
        Thread.detachNewThread {
            let outcome = Result { try body() }
            self.result.withLock { $0 = outcome }
        }
    }

    /// Waits for the end of the call.
    func value() throws -> Value {
        _ = eventually { result.withLock { $0 != nil } }
        guard let outcome = result.withLock({ $0 }) else { throw Failure("the call does not end") }
        return try outcome.get()
    }
}
