import EnforcementServer
import Foundation
import JSON
import Reconciler
import Webhooks

/// Sends what stands in the outbox, each alert at least once, and again later what was not taken.
///
/// Not for use by two threads at once.
final class AlertSender {
    /// So many go out at once; what is more waits for the next round.
    private static let batch = 20

    private let reconciler: Reconciler
    private let operatorSecret: String?

    /// - Parameter operatorSecret: for the operator's own receiver.
    init(reconciler: Reconciler, operatorSecret: String?) {
        self.reconciler = reconciler
        self.operatorSecret = operatorSecret
    }

    /// Sends what is due.
    ///
    /// - Returns: what could not be delivered, for people.
    func send(isStopping: () -> Bool) throws(ReconcilerError) -> [String] {
        var failures: [String] = []
        for delivery in try reconciler.claimDeliveries(limit: Self.batch) {
            if isStopping() { return failures }
            var failure: String?
            do {
                try send(delivery)
            } catch {
                failure = "\(error)"
                failures.append("alert \(delivery.event.reason): \(error)")
            }
            try reconciler.finish(delivery, failure: failure)
        }
        return failures
    }

    private func send(_ delivery: AlertDelivery) throws {
        let secret: String?
        if let variable = delivery.receiver.secretVariable {
            guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
                throw ControlError(.input, "the environment variable `\(variable)`, which holds the receiver's signing key, is not set")
            }
            secret = value
        } else {
            secret = operatorSecret
        }
        let key = secret.flatMap(WebhookSignature.key)
        if secret != nil, key == nil {
            throw ControlError(.input, "the receiver's signing key is no secret: `whsec_` and base64, or a text")
        }
        try WebhookSender.send(
            JSONWriter.bytes(Self.body(delivery)), id: delivery.event.id, time: WallClock.now() / 1_000_000_000,
            to: delivery.receiver.url, key: key)
    }

    private static func body(_ delivery: AlertDelivery) -> JSONValue {
        let event = delivery.event
        return [
            "type": .string("charter.\(event.alert?.source ?? "reconcile").\(event.reason)"), "timestamp": .string(event.at),
            "data": [
                "id": .string(event.id), "reason": .string(event.reason), "message": .string(event.message),
                "severity": .string(event.alert?.severity ?? ""), "commit": event.commit.map { .string($0) } ?? .null,
                "instance": .string(event.instance), "repeats": .int(Int64(delivery.repeats)), "attempt": .int(Int64(delivery.attempt)),
                "details": event.details,
            ],
        ]
    }
}
