import HTTPService
import JSON
import NIOCore
import NIOHTTP1
import Synchronization
import Webhooks

/// Takes messages that say that the repository has changed.
public final class HookReceiver: Sendable {
    private let receipt: WebhookReceipt
    private let memory = Mutex(WebhookMemory())
    private let wake: @Sendable () -> Void

    /// - Parameter wake: called for each message that is taken: to have a look at the repository, once for all that come meanwhile.
    public init(_ receipt: WebhookReceipt, wake: @escaping @Sendable () -> Void) {
        self.receipt = receipt
        self.wake = wake
    }

    /// - Parameter now: seconds since 1970.
    func take(
        _ scheme: WebhookReceipt.Scheme, body: [UInt8], now: Int64, header: (String) -> String?
    ) throws(WebhookReceipt.Refusal) {
        let ticket = try receipt.check(scheme, body: body, now: now, header: header)
        let isNew = memory.withLock { $0.take(ticket, now: now) }
        guard isNew else { throw .replayed }
        wake()
    }
}

/// `POST /v1/hooks/{scheme}`.
struct HookEndpoint: Sendable {
    let receiver: HookReceiver?
    let metrics: ServerMetrics

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard let receiver else {
            return problem(
                .notFound,
                "no webhooks are taken here; `charter up` takes them once CHARTER_WEBHOOK_SECRET holds the secret that senders have")
        }
        guard let scheme = request.capture.flatMap(WebhookReceipt.Scheme.init) else {
            let known = WebhookReceipt.Scheme.allCases.map { "/v1/hooks/\($0.rawValue)" }.joined(separator: ", ")
            return problem(.notFound, "there is no such kind of webhook; there are \(known)")
        }
        func count(_ outcome: String) { metrics.webhooks.labels(scheme.rawValue, outcome).increment() }
        do throws(WebhookReceipt.Refusal) {
            try receiver.take(
                scheme, body: Array(request.body.readableBytesView), now: WallClock.now() / 1_000_000_000, header: request.onlyHeader)
            count("taken")
            return EnforcementServer.json(["taken": true], status: .accepted)
        } catch {
            count(error.rawValue)
            switch error {
            case .unsigned: return problem(.unauthorized, "what proves the sender is missing: \(scheme.proof)")
            case .wrong: return problem(.unauthorized, "the proof is not one that the secret of this server makes: \(scheme.proof)")
            case .stale:
                return problem(
                    .badRequest,
                    "the message's time is more than \(WebhookReceipt.window) seconds from now; send it anew, and look at both clocks")
            case .replayed: return problem(.conflict, "the message was taken before")
            }
        }
    }

    private func problem(_ status: HTTPResponseStatus, _ detail: String) -> HTTPResponse {
        .problem(Problem(status: status, detail: detail))
    }
}

extension HTTPRequest {
    /// The value of a header field that is there once. Of two, a proxy before us might have checked the other.
    fileprivate func onlyHeader(_ name: String) -> String? {
        let values = headers[name]
        return values.count == 1 ? values[0] : nil
    }
}
