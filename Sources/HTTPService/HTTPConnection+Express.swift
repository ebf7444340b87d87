import NIOCore

/// Requests that are answered without the parser.
extension HTTPConnection {
    /// Whether nothing stands before a request that would be answered now.
    var takesExpress: Bool {
        takesRequests && slots.isEmpty && inbox.isEmpty && arriving == nil && !isPaused && !loop.isDraining && !peerClosed
    }

    /// Notes that bytes of a request have arrived, for its deadlines.
    func noteExpressArrival(bodyFollows: Bool) {
        if phase == .fresh || phase == .idle {
            arrival = .now()
            phase = .head
            phaseStart = arrival
        }
        if bodyFollows, phase == .head {
            phase = .body
            phaseStart = .now()
        }
    }

    /// Has a request answered whose bytes are all there.
    ///
    /// - Returns: `false` if it was not.
    func answer(_ head: ExpressHead, _ bytes: ByteBuffer) -> Bool {
        let metrics = service.metrics.routes[head.route.index]
        let isAnswered = bytes.withUnsafeReadableBytes { all in
            func field(_ range: Range<Int>?) -> UnsafeRawBufferPointer? { range.map { UnsafeRawBufferPointer(rebasing: all[$0]) } }
            let request = ExpressRequest(
                body: UnsafeRawBufferPointer(rebasing: all[head.count..<head.count + head.contentLength]),
                authorization: field(head.authorization), requestID: field(head.requestID), traceparent: field(head.traceparent),
                remoteIP: remoteIP, peer: tls == nil ? nil : peer)
            return head.route.handler(request) { body in
                ResponseEncoder.writePlain(body, requestID: request.requestID, date: loop.dateLine, server: service.serverLine, to: &outbox)
            }
        }
        guard isAnswered else { return false }
        let now = NIODeadline.now()
        metrics.recordExpress(seconds: Double((now - arrival).nanoseconds) / 1e9)
        phase = .idle
        phaseStart = now
        if outbox.readableBytes >= Self.outboxBytes { flush() }
        return true
    }
}
