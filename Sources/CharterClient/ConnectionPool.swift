import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A connection to the server, used by one call at a time.
struct PooledConnection: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<ExchangeHandler>

    func perform(_ call: Call, by deadline: NIODeadline) async throws -> Answer {
        let promise = channel.eventLoop.makePromise(of: Answer.self)
        channel.eventLoop.execute { handler.value.begin(call, on: channel, by: deadline, promise) }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            channel.eventLoop.execute { handler.value.cancel(on: channel) }
        }
    }
}

/// Connections to one server, a bounded number of them, kept while they are idle.
final class ConnectionPool: Sendable {
    private struct Waiter {
        var number: UInt64
        /// Gets a connection, or nothing: then there is room for one.
        var promise: EventLoopPromise<PooledConnection?>
    }

    private struct State {
        var idle: [PooledConnection] = []
        /// Idle, in use, and being made.
        var count = 0
        var waiters: [Waiter] = []
        var nextNumber: UInt64 = 0
        var isClosed = false
    }

    private enum Turn {
        case use(PooledConnection)
        case connect
        case wait(UInt64, EventLoopFuture<PooledConnection?>)
        case closed
    }

    private let address: ServerAddress
    private let tls: NIOSSLContext?
    private let most: Int
    private let connectTimeout: Duration
    private let longestAnswer: Int
    private let group: any EventLoopGroup
    private let state = Mutex(State())

    init(
        _ address: ServerAddress, tls: NIOSSLContext?, most: Int, connectTimeout: Duration, longestAnswer: Int, group: any EventLoopGroup
    ) {
        self.address = address
        self.tls = tls
        self.most = max(1, most)
        self.connectTimeout = connectTimeout
        self.longestAnswer = longestAnswer
        self.group = group
    }

    func acquire(by deadline: NIODeadline) async throws -> PooledConnection {
        while true {
            switch turn() {
            case .closed: throw CharterClientError.closed
            case .use(let connection): return connection
            case .connect:
                do {
                    return try await connect(by: deadline)
                } catch {
                    release(nil)
                    throw error
                }
            case .wait(let number, let future):
                let timer = future.eventLoop.scheduleTask(deadline: deadline) { [self] in expire(number) }
                defer { timer.cancel() }
                if let connection = try await future.get() { return connection }
            }
        }
    }

    private func turn() -> Turn {
        state.withLock { state in
            if state.isClosed { return .closed }
            while let connection = state.idle.popLast() {
                if connection.channel.isActive { return .use(connection) }
                state.count -= 1
            }
            if state.count < most {
                state.count += 1
                return .connect
            }
            let promise = group.next().makePromise(of: PooledConnection?.self)
            state.nextNumber += 1
            state.waiters.append(Waiter(number: state.nextNumber, promise: promise))
            return .wait(state.nextNumber, promise.futureResult)
        }
    }

    private func expire(_ number: UInt64) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.promise.fail(ExchangeFailure.timeout)
    }

    /// Gives back a connection that can be used again, or the place of one that cannot.
    func release(_ connection: PooledConnection?) {
        let (waiter, isClosed) = state.withLock { state -> (Waiter?, Bool) in
            let first = state.waiters.isEmpty ? nil : state.waiters.removeFirst()
            if connection == nil || state.isClosed {
                state.count -= 1
            } else if first == nil, let connection {
                state.idle.append(connection)
            }
            return (first, state.isClosed)
        }
        if isClosed { connection?.channel.close(promise: nil) }
        waiter?.promise.succeed(isClosed ? nil : connection)
    }

    private func connect(by deadline: NIODeadline) async throws -> PooledConnection {
        let left = deadline - .now()
        guard left > .nanoseconds(0) else { throw ExchangeFailure.timeout }
        let parts = connectTimeout.components
        let limit = min(left, .nanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000))
        let (tls, host, longestAnswer) = (tls, address.host, longestAnswer)
        // The handler is kept from the beginning: a handshake that fails takes it out of the pipeline, and it knows why.
        return try await ClientBootstrap(group: group)
            .connectTimeout(limit)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ExchangeHandler(longestAnswer: longestAnswer)
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(ClientTLS.handler(tls, host: host)) }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(handler)
                    return PooledConnection(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
    }

    /// Closes what is idle now, and what is in use when it ends.
    func close() async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.waiters) = ([], []) }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.promise.fail(CharterClientError.closed) }
        for connection in idle { try? await connection.channel.close() }
    }
}
