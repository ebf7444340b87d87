import NIOCore

/// The connections of one event loop: looks at their deadlines, keeps the `Date` line, and drains them.
///
/// One sweep over all connections costs less than a timer for each, which every request would move.
///
/// INVARIANT: used on its event loop alone.
final class LoopConnections {
    let eventLoop: any EventLoop
    private let interval: TimeAmount
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var date = HTTPDate()
    private var drained: EventLoopPromise<Void>?

    /// Whether the service is stopping.
    private(set) var isDraining = false

    init(eventLoop: any EventLoop, interval: TimeAmount) {
        self.eventLoop = eventLoop
        self.interval = interval
        scheduleSweep()
    }

    /// A whole `Date` line for the present.
    var dateLine: [UInt8] { date.line() }

    func add(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { drained?.succeed(()) }
    }

    /// Lets requests in flight be answered, closes what rests, and after `timeout` closes everything.
    func drain(timeout: TimeAmount) -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        isDraining = true
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        for connection in Array(connections.values) { connection.drain() }
        if connections.isEmpty { promise.succeed(()) }
        eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            for connection in Array(self.connections.values) { connection.closeNow() }
        }
        return promise.futureResult
    }

    private func scheduleSweep() {
        eventLoop.assumeIsolated().scheduleTask(in: interval) {
            let now = NIODeadline.now()
            for connection in Array(self.connections.values) { connection.sweep(now) }
            self.scheduleSweep()
        }
    }
}
