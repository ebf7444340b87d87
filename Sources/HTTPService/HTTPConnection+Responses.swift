import NIOCore
import NIOHTTP1

/// From results to bytes, in the order of the requests.
extension HTTPConnection {
    /// Bodies from here on are sent as they are instead of being copied behind their head.
    private static let copiedBodyBytes = 16 << 10
    /// Responses are gathered up to here before they go to the socket.
    static let outboxBytes = 64 << 10

    func answer(_ exchange: Exchange, _ result: HTTPResult) {
        switch result {
        case .ready(let response):
            if slots.isEmpty {
                send(response, exchange)
            } else {
                slots.append(Slot(exchange: exchange, response: response))
            }
        case .later(let work):
            guard let context else { return }
            let delivery = self.delivery ?? Delivery(self, on: context.eventLoop)
            self.delivery = delivery
            let number = firstSlot + slots.count
            let task = Task { delivery.deliver(await work(), slot: number) }
            slots.append(Slot(exchange: exchange, task: task))
        }
    }

    /// Takes the response of a `later` result.
    func complete(_ number: Int, _ response: HTTPResponse) {
        let offset = number - firstSlot
        guard phase != .closed, offset >= 0, offset < slots.count else { return }
        let index = slots.index(slots.startIndex, offsetBy: offset)
        slots[index].response = response
        slots[index].task = nil
        while let first = slots.first, let response = first.response {
            slots.removeFirst()
            firstSlot += 1
            send(response, first.exchange)
        }
        if slots.isEmpty {
            // The client was waiting for us until now.
            if phase == .idle || phase == .head { phaseStart = .now() }
            sendContinue()
        }
        resume()
    }

    /// Asks for the body that a client holds back (RFC 9110 §10.1.1); only when no response is due before it.
    func sendContinue() {
        guard owesContinue else { return }
        owesContinue = false
        outbox.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private func send(_ response: HTTPResponse, _ exchange: Exchange) {
        guard let context, phase != .closing, phase != .lingering, phase != .closed else { return }
        var response = response
        if !(200...599).contains(response.status.code) {
            response = .problem(Problem(status: .internalServerError, detail: "the handler answered with an impossible status"))
        }
        let closes = exchange.closes || isLast || ResponseEncoder.asksToClose(response.headers)
        let frame = ResponseEncoder.Frame(
            method: exchange.method ?? .GET, closes: closes, mentionsKeepAlive: exchange.mentionsKeepAlive, requestID: exchange.requestID)
        ResponseEncoder.write(response, frame, date: loop.dateLine, server: service.serverLine, to: &outbox)
        if ResponseEncoder.sendsBody(response, to: frame.method) {
            if response.body.readableBytes <= Self.copiedBodyBytes {
                outbox.writeImmutableBuffer(response.body)
            } else {
                writeOutbox(context, promise: nil)
                context.write(Self.wrapOutboundOut(response.body), promise: nil)
                stirred = true
            }
        }
        let now = NIODeadline.now()
        let seconds = Double((now - exchange.start).nanoseconds) / 1e9
        exchange.metrics.record(method: exchange.method, status: response.status.code, seconds: seconds)
        if let access = service.configuration.access {
            access(
                AnsweredRequest(
                    method: exchange.method?.rawValue, route: exchange.metrics.route, status: response.status.code, seconds: seconds,
                    caller: response.caller, requestID: exchange.requestID))
        }
        if phase == .idle { phaseStart = now }
        if closes {
            beginClosing(lingers: true)
        } else if outbox.readableBytes >= Self.outboxBytes {
            flush()
        }
    }

    /// Whether the response about to go out is the last one of a connection that is to end.
    private var isLast: Bool {
        (loop.isDraining || peerClosed) && slots.isEmpty && inbox.isEmpty && arriving == nil
    }

    /// Hands what was gathered to the socket.
    func flush() {
        guard let context, stirred || outbox.readableBytes > 0 else { return }
        writeOutbox(context, promise: nil)
        stirred = false
        context.flush()
    }

    private func writeOutbox(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        if outbox.readableBytes > 0 || promise != nil {
            let bytes = outbox
            // Cleared before writing, because writing may call back; a buffer grown large is not kept for a connection that may rest.
            outbox = ByteBuffer()
            context.write(Self.wrapOutboundOut(bytes), promise: promise)
        }
    }

    /// Ends the connection once nothing is due: after the client closed its side, or when the service stops.
    func windUp() {
        guard peerClosed || loop.isDraining, takesRequests || phase == .refusing else { return }
        guard slots.isEmpty, inbox.isEmpty, arriving == nil, peerClosed || phase != .head else { return }
        beginClosing(lingers: phase != .fresh && phase != .idle)
    }

    func drain() {
        flush()
        windUp()
    }

    func closeNow() {
        context?.close(promise: nil)
    }

    /// Sends what is left, closes our side, and waits for the client to close its own.
    private func beginClosing(lingers: Bool) {
        guard let context else { return }
        phase = .closing
        for slot in slots { slot.task?.cancel() }
        slots.removeAll()
        inbox.removeAll()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.outputEnded(lingers: lingers) }
        writeOutbox(context, promise: written)
        stirred = false
        context.flush()
    }

    private func outputEnded(lingers: Bool) {
        guard phase == .closing, let context else { return }
        guard lingers, !peerClosed else { return context.close(promise: nil) }
        phase = .lingering
        phaseStart = .now()
        context.close(mode: .output, promise: nil)
        if heldRead {
            heldRead = false
            context.read()
        }
    }
}
