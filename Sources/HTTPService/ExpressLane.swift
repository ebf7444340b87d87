import NIOCore

/// Sits in front of the parser, and answers requests to express routes without it while it can. Tells the connection when bytes arrive, which the
/// parser does not until a head is whole, and discards them once the connection takes no more requests.
///
/// The first request that it cannot answer it hands on, and with it everything that follows on this connection: the parser alone knows from then on
/// where a request begins.
final class ExpressLane: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPConnection
    private let routes: [ExpressRoute]
    private var isOpen: Bool
    /// The beginning of a request that is not whole.
    private var held = ByteBuffer()
    /// Bytes of the whole request, once its head is there.
    private var needed = 0

    init(_ connection: HTTPConnection, routes: [ExpressRoute]) {
        self.connection = connection
        self.routes = routes
        isOpen = !routes.isEmpty && connection.refusal == nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        guard isOpen else {
            if connection.takesBytes(bytes) { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
            return
        }
        if held.readableBytes > 0 {
            held.writeBuffer(&bytes)
            bytes = held
            held = ByteBuffer()
        }
        advance(context, bytes)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        guard isOpen, held.readableBytes > 0, context.channel.isWritable else { return }
        let bytes = held
        held = ByteBuffer()
        advance(context, bytes)
        connection.flush()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A request that ended early is refused by those who know how.
        if isOpen, case ChannelEvent.inputClosed? = event as? ChannelEvent { handOn(context, held) }
        context.fireUserInboundEventTriggered(event)
    }

    private func advance(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            guard connection.takesExpress else {
                if connection.isPaused, connection.takesRequests {
                    held = bytes
                    return
                }
                return handOn(context, bytes)
            }
            connection.noteExpressArrival(bodyFollows: false)
            if needed > bytes.readableBytes {
                connection.noteExpressArrival(bodyFollows: true)
                held = bytes
                return
            }
            let head: ExpressHead
            switch bytes.withUnsafeReadableBytes({ ExpressHead.read($0, routes) }) {
            case .declined: return handOn(context, bytes)
            case .incomplete:
                guard bytes.readableBytes <= connection.service.configuration.maxHeaderBytes else { return handOn(context, bytes) }
                held = bytes
                return
            case .head(let found): head = found
            }
            guard head.contentLength <= connection.service.configuration.maxBodyBytes,
                head.count <= connection.service.configuration.maxHeaderBytes
            else { return handOn(context, bytes) }
            needed = head.count + head.contentLength
            if needed > bytes.readableBytes {
                connection.noteExpressArrival(bodyFollows: true)
                held = bytes
                return
            }
            guard connection.answer(head, bytes) else { return handOn(context, bytes) }
            bytes.moveReaderIndex(forwardBy: needed)
            needed = 0
        }
    }

    private func handOn(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        isOpen = false
        held = ByteBuffer()
        if bytes.readableBytes > 0, connection.takesBytes(bytes) { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
    }
}
