import NIOCore
import NIOHTTP1
import NIOSSL

/// One client connection: assembles requests, answers them in order, and keeps its deadlines.
///
/// INVARIANT: used on its event loop alone.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the connection is waiting for from the client.
    enum Phase {
        /// The first byte ever.
        case fresh
        /// The first byte of a further request.
        case idle
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// Nothing: no further request is taken, some responses may be due.
        case refusing
        /// The last response to be written.
        case closing
        /// The client to close its side: closing first would reset the connection under what it still sends, and lose the response.
        case lingering
        case closed
    }

    /// A request whose body is arriving.
    struct Arriving {
        var head: HTTPRequestHead
        var facts: RequestHeadFacts
        var body = ByteBuffer()
        var start: NIODeadline
    }

    /// What is needed to answer a request, in the order of arrival.
    struct Exchange {
        var method: HTTPMethod?
        var metrics: RouteMetrics
        var start: NIODeadline
        var closes: Bool
        var mentionsKeepAlive = false
        var requestID: String?
    }

    /// A request answered later, or one behind it.
    struct Slot {
        var exchange: Exchange
        var response: HTTPResponse?
        var task: Task<Void, Never>?
    }

    /// What the parser said while the connection was paused.
    enum Input {
        case part(HTTPServerRequestPart)
        case failure(Rejection)
    }

    let service: ServiceContext
    let loop: LoopConnections
    let refusal: Rejection?
    var context: ChannelHandlerContext?
    /// Before this handler in the pipeline, where the connection is encrypted.
    var tls: NIOSSLServerHandler?
    /// What the client has shown in the handshake, which is over once there is a request.
    lazy var peer = tls?.peerCertificate.flatMap { PeerCertificate($0) }
    /// The IP address of the client. It stays the same, and asking the system for it costs as much as a decision.
    lazy var remoteIP = context?.remoteAddress?.ipAddress
    var phase = Phase.fresh
    var phaseStart = NIODeadline.now()
    /// When the bytes being handled arrived.
    var arrival = NIODeadline.now()
    var arriving: Arriving?
    var slots = CircularBuffer<Slot>()
    /// The number of the first slot; a `later` result finds its slot by number.
    var firstSlot = 0
    var inbox = CircularBuffer<Input>()
    var outbox = ByteBuffer()
    var delivery: Delivery?
    var owesContinue = false
    var isProcessing = false
    var heldRead = false
    /// Something was written that has not been flushed.
    var stirred = false
    var peerClosed = false
    /// The chunk being parsed, kept only until it has been, to judge what the parser rejects.
    var chunk: ByteBuffer?
    var requestLineSeen = false
    /// Unsent bytes when they were last seen to shrink, and when.
    var stall: (bytes: Int, since: NIODeadline)?

    init(service: ServiceContext, loop: LoopConnections, refusal: Rejection?) {
        self.service = service
        self.loop = loop
        self.refusal = refusal
    }

    var isPaused: Bool {
        slots.count >= service.configuration.maxPipelined || context?.channel.isWritable != true
    }

    var takesRequests: Bool {
        switch phase {
        case .fresh, .idle, .head, .body: true
        case .refusing, .closing, .lingering, .closed: false
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if let refusal { reject(refusal, head: nil) }
        flush()
        if loop.isDraining { drain() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        // What follows a head in the same chunk cannot be judged by the chunk's beginning.
        if case .head = part { chunk = nil }
        accept(.part(part))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        noteRequestLine()
        chunk = nil
        flush()
        windUp()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stall = nil
            resume()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            peerClosed = true
            if phase == .lingering { context.close(promise: nil) }
            // A body that ended early has been refused by the parser before this event.
            flush()
            windUp()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard takesRequests else { return }
        // The client has ended its side without the goodbye of TLS; that it has ended follows. Half a request is never taken for a whole one.
        if case NIOSSLError.uncleanShutdown = error { return }
        let (startsWithMethod, targetIsLong) = judgeChunk()
        if let rejection = Rejection(error, startsWithMethod: startsWithMethod, targetIsLong: targetIsLong) {
            accept(.failure(rejection))
            flush()
        } else {
            service.logger.debug("connection failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    /// Holds reads back while responses are due or the client does not take them.
    func read(context: ChannelHandlerContext) {
        if isPaused && phase != .lingering {
            heldRead = true
        } else {
            context.read()
        }
    }

    private func ended() {
        guard phase != .closed else { return }
        phase = .closed
        delivery?.close()
        delivery = nil
        for slot in slots { slot.task?.cancel() }
        slots.removeAll()
        inbox.removeAll()
        arriving = nil
        loop.remove(self)
        service.connectionClosed()
    }
}
