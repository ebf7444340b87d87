import Dispatch
import Synchronization

/// Waits, on a thread of its own, for asynchronous work. Never to be called on a thread of the cooperative pool.
enum Blocking {
    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws(ControlError) -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let box = Box(result: consume result)
        Task.detached {
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
            box.result.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        switch box.result.withLock({ $0 }) {
        case .success(let value): return value
        case .failure(let error): throw ControlError(wrapping: error)
        case nil: throw ControlError(.internalError, "asynchronous work ended without a result")
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let result: Mutex<Result<Value, any Error>?>
        init(result: consuming Mutex<Result<Value, any Error>?>) { self.result = result }
    }
}
