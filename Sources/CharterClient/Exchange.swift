import NIOCore
import NIOHTTP1

/// A request as it goes over the wire.
struct Call: Sendable {
    var head: HTTPRequestHead
    var body: ByteBuffer
}

/// An answer, whole.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer
    /// Whether the connection can be used again.
    var keepsAlive: Bool

    /// Seconds after which to try again.
    var retryAfter: Int64? { headers.first(name: "Retry-After").flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil } }
}

/// Why an exchange has no answer.
enum ExchangeFailure: Error {
    /// - Parameter begun: whether some of the answer had come.
    case lost(String, begun: Bool)
    case insecure(String)
    case timeout
    case tooLarge
}

/// Sends one request at a time over a connection, and takes its answer. Belongs to the connection's event loop.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private struct Pending {
        var promise: EventLoopPromise<Answer>
        var timer: Scheduled<Void>
        var answer: Answer?
    }

    private let longestAnswer: Int
    private var pending: Pending?
    private var failure: ExchangeFailure?
    private var context: ChannelHandlerContext?

    init(longestAnswer: Int) { self.longestAnswer = longestAnswer }

    /// - Precondition: no exchange is under way.
    func begin(_ call: Call, on channel: any Channel, by deadline: NIODeadline, _ promise: EventLoopPromise<Answer>) {
        if let failure { return promise.fail(failure) }
        guard channel.isActive, let context else { return promise.fail(ExchangeFailure.lost("the server has closed it", begun: false)) }
        let loopBound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) { loopBound.value.end(.timeout, channel) }
        pending = Pending(promise: promise, timer: timer)
        context.write(wrapOutboundOut(.head(call.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(call.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func cancel(on channel: any Channel) { end(.lost("the call was cancelled", begun: true), channel) }

    private func end(_ failure: ExchangeFailure, _ channel: any Channel) {
        if self.failure == nil { self.failure = failure }
        if let pending {
            self.pending = nil
            pending.timer.cancel()
            pending.promise.fail(failure)
        }
        channel.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard var pending else {
            // Nobody has asked: what comes now belongs to no request.
            return end(.lost("the server has sent something unasked", begun: false), context.channel)
        }
        switch unwrapInboundIn(data) {
        case .head(let head):
            pending.answer = Answer(status: Int(head.status.code), headers: head.headers, body: ByteBuffer(), keepsAlive: head.isKeepAlive)
            self.pending = pending
        case .body(var part):
            self.pending = nil
            pending.answer?.body.writeBuffer(&part)
            self.pending = pending
            if let answer = pending.answer, answer.body.readableBytes > longestAnswer { end(.tooLarge, context.channel) }
        case .end:
            self.pending = nil
            pending.timer.cancel()
            guard let answer = pending.answer else { return end(.lost("the answer has no head", begun: true), context.channel) }
            if !answer.keepsAlive { context.close(promise: nil) }
            pending.promise.succeed(answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.lost("the server has closed it", begun: pending?.answer != nil), context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if ClientTLS.isTLS(error) { return end(.insecure("\(error)"), context.channel) }
        // What cannot be read as the beginning of an answer has begun all the same; an end is none.
        let isNoAnswer = (error as? HTTPParserError).map { $0 != .invalidEOFState } ?? false
        end(.lost("\(error)", begun: isNoAnswer || pending?.answer != nil), context.channel)
    }
}
