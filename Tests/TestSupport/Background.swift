import Foundation
import Synchronization

/// A call on a thread of its own, so that a test can do something in the meantime.
package final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    package init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread {
            let outcome = Result { try body() }
            self.result.withLock { $0 = outcome }
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    package var isFinished: Bool { result.withLock { $0 != nil } }

    /// Waits for the end of the call.
    package func value(within time: Duration = .seconds(600)) throws -> Value {
        guard eventually(within: time, { isFinished }), let outcome = result.withLock({ $0 }) else { throw TimedOut() }
        return try outcome.get()
    }

    package struct TimedOut: Error {}
}
