import NIOCore
import Synchronization

/// Brings `later` results from their tasks to the connection's event loop.
///
/// A task may outlive its connection and the event loop; closing, which the connection does before either ends, makes what comes
/// after it fall away.
final class Delivery: Sendable {
    private let target: NIOLoopBound<HTTPConnection>
    private let isOpen = Mutex(true)

    init(_ connection: HTTPConnection, on eventLoop: any EventLoop) {
        target = NIOLoopBound(connection, eventLoop: eventLoop)
    }

    func deliver(_ response: HTTPResponse, slot: Int) {
        // INVARIANT: enqueueing under the lock, so that the loop cannot have shut down in between.
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            target.eventLoop.execute { self.target.value.complete(slot, response) }
        }
    }

    func close() {
        isOpen.withLock { $0 = false }
    }
}
