import NIOCore
import NIOHTTP1

/// From parsed parts to handlers.
extension HTTPConnection {
    /// Notes the arrival of bytes; `false` where they are to be discarded.
    func takesBytes(_ bytes: ByteBuffer) -> Bool {
        guard takesRequests else { return false }
        arrival = .now()
        if phase == .fresh || phase == .idle {
            phase = .head
            phaseStart = arrival
            requestLineSeen = false
        }
        if phase == .head {
            noteRequestLine()
            chunk = bytes
        }
        return true
    }

    /// Notes whether the chunk parsed last ended the request line; only a head in several chunks comes here with one.
    func noteRequestLine() {
        if phase == .head, !requestLineSeen, let chunk { requestLineSeen = chunk.readableBytesView.contains(UInt8(ascii: "\n")) }
    }

    /// Handles `input` now, or once the connection is no longer paused.
    func accept(_ input: Input) {
        guard !isProcessing, inbox.isEmpty, !isPaused else {
            inbox.append(input)
            return
        }
        isProcessing = true
        process(input)
        isProcessing = false
    }

    /// Handles what was held back.
    func resume() {
        guard !isProcessing, phase != .closed else { return }
        isProcessing = true
        if !inbox.isEmpty { arrival = .now() }
        while !isPaused, let input = inbox.popFirst() { process(input) }
        isProcessing = false
        flush()
        windUp()
        if heldRead, !isPaused || phase == .lingering {
            heldRead = false
            if phase == .body { phaseStart = .now() }
            context?.read()
        }
    }

    private func process(_ input: Input) {
        guard takesRequests else { return }
        switch input {
        case .part(.head(let head)): begin(head)
        case .part(.body(let bytes)): append(bytes)
        case .part(.end): finish()
        case .failure(let rejection): reject(rejection, head: arriving?.head)
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        phase = .body
        phaseStart = arrival
        let facts: RequestHeadFacts
        do {
            facts = try RequestHeadFacts(head, configuration: service.configuration)
        } catch {
            return reject(error.rejection, head: head)
        }
        arriving = Arriving(head: head, facts: facts, start: arrival)
        owesContinue = facts.expectsContinue
        if slots.isEmpty { sendContinue() }
    }

    private func append(_ bytes: ByteBuffer) {
        guard var request = arriving else { return }
        owesContinue = false
        guard request.body.readableBytes + bytes.readableBytes <= service.configuration.maxBodyBytes else {
            return reject(.tooLarge(service.configuration), head: request.head)
        }
        arriving = nil  // Leaves the body with one owner, so that appending does not copy it.
        if request.body.readableBytes == 0 {
            request.body = bytes
            // Room for all of it at once; no more than the limit, which was checked.
            if let length = request.facts.contentLength, length > bytes.readableBytes { request.body.reserveCapacity(length) }
        } else {
            request.body.writeImmutableBuffer(bytes)
        }
        arriving = request
    }

    private func finish() {
        guard let request = arriving else { return }
        arriving = nil
        owesContinue = false
        phase = .idle
        phaseStart = arrival
        dispatch(request)
    }

    private func dispatch(_ request: Arriving) {
        let head = request.head
        var exchange = Exchange(
            method: head.method, metrics: service.metrics.none, start: request.start, closes: !request.facts.keepsAlive,
            mentionsKeepAlive: head.version.minor == 0, requestID: request.facts.requestID)
        if exchange.closes { phase = .refusing }
        guard let match = service.router.match(request.facts.target) else {
            return answer(exchange, .ready(.problem(Problem(status: .notFound, detail: "there is nothing at this path"))))
        }
        exchange.metrics = service.metrics.routes[match.route.index]
        guard let handler = match.route.handler(for: head.method) else {
            let allow = match.route.allow
            let detail = "this path answers \(allow)" + (match.route.advice.map { "; \($0)" } ?? "")
            var response = HTTPResponse.problem(Problem(status: .methodNotAllowed, detail: detail))
            response.headers.add(name: "Allow", value: allow)
            return answer(exchange, .ready(response))
        }
        let target = request.facts.target
        let result = handler(
            HTTPRequest(
                method: head.method, path: target.path, capture: match.capture, query: target.query, headers: head.headers,
                body: request.body, remoteIP: remoteIP, requestID: request.facts.requestID, peer: tls == nil ? nil : peer
            ))
        answer(exchange, result)
    }

    /// Answers without a handler, after what is due before, and closes.
    func reject(_ rejection: Rejection, head: HTTPRequestHead?) {
        let id = head?.headers.first(name: "X-Request-ID").flatMap { $0.isSaneIdentifier ? $0 : nil }
        let start = arriving?.start ?? arrival
        arriving = nil
        owesContinue = false
        inbox.removeAll()
        phase = .refusing
        let exchange = Exchange(method: head?.method, metrics: service.metrics.none, start: start, closes: true, requestID: id)
        answer(exchange, .ready(rejection.response))
    }

    /// Whether the chunk the parser rejected begins with what could be a method, and whether its first line is too long.
    func judgeChunk() -> (startsWithMethod: Bool, targetIsLong: Bool) {
        guard let bytes = chunk?.readableBytesView else { return (false, false) }
        let word = bytes.prefix { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "-") }
        let next = word.endIndex < bytes.endIndex ? bytes[word.endIndex] : UInt8(ascii: " ")
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let isLong = line.count == bytes.count || line.count > service.configuration.maxTargetBytes
        return ((1...32).contains(word.count) && next == UInt8(ascii: " "), !requestLineSeen && isLong)
    }
}
