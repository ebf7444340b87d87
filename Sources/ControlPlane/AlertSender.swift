import EnforcementServer
import Foundation
import JSON
import Reconciler
import Webhooks

/// Sends what stands in the outbox, each alert at least once, and again later what was not taken.
///
/// Not for use by two threads at once.
final class AlertSender {
    /// In the place of a variable's name: the operator's own receiver.
    static let operators = "*"
    /// The environment variables that a document may name begin so: it is not to reach any other secret of the process.
    static let prefix = "CHARTER_ALERT_"
    /// So many go out at once, within the time for which they are taken; what is more waits for the next round.
    private static let batch = 8

    private let reconciler: Reconciler
    private let operatorReceiver: String?
    private let operatorSecret: String?

    /// - Parameter operatorSecret: for the operator's own receiver.
    init(reconciler: Reconciler, operatorReceiver: String?, operatorSecret: String?) {
        self.reconciler = reconciler
        self.operatorReceiver = operatorReceiver
        self.operatorSecret = operatorSecret
    }

    /// Sends what is due.
    ///
    /// - Returns: what could not be delivered, for people.
    func send(isStopping: () -> Bool) throws(ReconcilerError) -> [String] {
        var failures: [String] = []
        for delivery in try reconciler.claimDeliveries(limit: Self.batch, operatorReceiver: operatorReceiver) {
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
        var secret: String?
        switch delivery.receiver.secretVariable {
        case Self.operators?: secret = operatorSecret
        case let variable?:
            guard variable.hasPrefix(Self.prefix) else {
                throw ControlError(.input, "a receiver's `secretEnv` must begin with `\(Self.prefix)`, found `\(variable)`")
            }
            secret = ProcessInfo.processInfo.environment[variable]
            if secret?.isEmpty ?? true {
                throw ControlError(.input, "the environment variable `\(variable)`, which holds the receiver's signing key, is not set")
            }
        case nil: secret = nil
        }
        if delivery.receiver.secretVariable != Self.operators, !delivery.receiver.url.hasPrefix("https://") {
            throw ControlError(.input, "the receiver of an AlertRoute must be https")
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
