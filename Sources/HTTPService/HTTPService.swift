import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An HTTP/1.1 server over SwiftNIO: start it once, stop it once.
///
/// Requests are answered in their order also where they are pipelined and ``HTTPResult/later(_:)`` results come out of order.
/// Whatever cannot reach a handler is answered with a problem document (RFC 9457).
///
/// Metrics: `charter_http_requests_total{method,route,status}`, `charter_http_request_duration_seconds{route}` and
/// `charter_http_connections`; the route `none` stands for what matched no route.
public final class HTTPService: Sendable {
    private struct Running {
        var group: MultiThreadedEventLoopGroup
        var channel: any Channel
        var loops: [NIOLoopBound<LoopConnections>]
    }

    private enum State {
        case fresh
        case starting
        case running(Running)
        case stopping(Task<Void, Never>)
        case stopped
    }

    /// Refused connections beyond the limit that are still told so; further ones are closed without a word.
    private static let refusedAtOnce = 128
    private static let maxFields = 100

    private let configuration: Configuration
    private let router: Router
    private let metrics: MetricsRegistry
    private let logger: Logger
    private let state = Mutex(State.fresh)

    /// A service that is not started yet.
    public init(configuration: Configuration, router: Router, metrics: MetricsRegistry, logger: Logger) {
        self.configuration = configuration
        self.router = router
        self.metrics = metrics
        self.logger = logger
    }

    /// Listens and serves; returns the address it is bound to, with the port that the system chose where 0 was asked for.
    @discardableResult
    public func start() async throws(HTTPServiceError) -> SocketAddress {
        try configuration.validate()
        let isFirst = state.withLock { state in
            guard case .fresh = state else { return false }
            state = .starting
            return true
        }
        guard isFirst else { throw .alreadyStarted }
        let context: ServiceContext
        do {
            let own = try ServiceMetrics(metrics, router: router)
            try configuration.tls?.start(metrics, logger)
            context = ServiceContext(configuration: configuration, router: router, metrics: own, logger: logger)
        } catch {
            state.withLock { $0 = .stopped }
            throw .metrics(error)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        do {
            let running = try await listen(group, context)
            guard let address = running.channel.localAddress else { throw ChannelError.unknownLocalAddress }
            state.withLock { $0 = .running(running) }
            logger.info("listening", metadata: ["address": "\(address)"])
            return address
        } catch {
            configuration.tls?.stop()
            try? await group.shutdownGracefully()
            state.withLock { $0 = .stopped }
            throw bindFailure(error)
        }
    }

    /// Stops accepting, answers what is in flight with `Connection: close`, closes connections at rest, and after the configuration's
    /// `drainTimeout` closes the others too. Returns when everything is closed; stopping what does not run does nothing.
    public func stop() async {
        let stopping: Task<Void, Never>? = state.withLock { state in
            switch state {
            case .fresh:
                state = .stopped
                return nil
            case .starting, .stopped:
                return nil
            case .stopping(let task):
                return task
            case .running(let running):
                let task = Task { await self.shutDown(running) }
                state = .stopping(task)
                return task
            }
        }
        await stopping?.value
    }

    private func shutDown(_ running: Running) async {
        logger.info("stopping")
        configuration.tls?.stop()
        // An error here means that the channel is closed already, which is what is wanted.
        try? await running.channel.close()
        let timeout = configuration.drainTimeout
        let drains = running.loops.map { loop in
            loop.eventLoop.flatSubmit { loop.value.drain(timeout: timeout) }
        }
        for drain in drains { try? await drain.get() }
        do {
            try await running.group.shutdownGracefully()
        } catch {
            logger.warning("event loops did not shut down cleanly", metadata: ["error": "\(error)"])
        }
        state.withLock { $0 = .stopped }
        logger.info("stopped")
    }

    private func listen(_ group: MultiThreadedEventLoopGroup, _ context: ServiceContext) async throws -> Running {
        var loops: [ObjectIdentifier: NIOLoopBound<LoopConnections>] = [:]
        let interval = configuration.sweepInterval
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(LoopConnections(eventLoop: loop, interval: interval), eventLoop: loop)
            }.get()
        }
        let connections = loops
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = connections[ObjectIdentifier(channel.eventLoop)]?.value else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    try Self.configure(channel, context, loop)
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        return Running(group: group, channel: channel, loops: Array(loops.values))
    }

    private static func configure(_ channel: any Channel, _ context: ServiceContext, _ loop: LoopConnections) throws {
        let limit = context.configuration.maxConnections
        let count = context.connectionOpened()
        guard count <= limit + refusedAtOnce else {
            context.connectionClosed()
            throw ChannelError.ioOnClosedChannel
        }
        let pipeline = channel.pipeline.syncOperations
        let tls = context.configuration.tls.map { NIOSSLServerHandler(context: $0.context) }
        if let tls { try pipeline.addHandler(tls) }
        if count > limit {
            let refusal = Rejection(.serviceUnavailable, "the server has as many connections as it serves", retryAfterSeconds: 1)
            let connection = HTTPConnection(service: context, loop: loop, refusal: refusal)
            try pipeline.addHandler(ExpressLane(connection, routes: []))
            try pipeline.addHandler(connection)
            return
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = context.configuration.maxHeaderBytes
        limits.maxHeaderListSize = context.configuration.maxHeaderBytes
        limits.maxHeaderFieldCount = maxFields
        let connection = HTTPConnection(service: context, loop: loop, refusal: nil)
        connection.tls = tls
        let parser = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        try pipeline.addHandler(ExpressLane(connection, routes: context.configuration.access == nil ? context.router.expressRoutes : []))
        // The parser keeps white space before a value without counting it against its limits, so its buffer has one of its own.
        try pipeline.addHandler(ByteToMessageHandler(parser, maximumBufferSize: context.configuration.maxHeaderBytes * 2))
        try pipeline.addHandler(connection)
    }

    private func bindFailure(_ error: any Error) -> HTTPServiceError {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return .addressInUse(host: configuration.host, port: configuration.port)
        }
        return .cannotBind(host: configuration.host, port: configuration.port, reason: "\(error)")
    }
}
