import Foundation
import Webhooks

/// The operator's own receiver of alerts.
public enum AlertReceiver {
    /// Whether alerts may be sent there.
    public static func isValid(_ url: String) -> Bool { WebhookSender.mayReach(url) }

    /// What alerts are signed with, if that is set.
    public static func secret() throws(ControlError) -> String? {
        guard let secret = ProcessInfo.processInfo.environment["CHARTER_ALERT_SECRET"], !secret.isEmpty else { return nil }
        guard WebhookSignature.key(secret) != nil else {
            throw ControlError(.usage, "CHARTER_ALERT_SECRET is no secret: `whsec_` and base64, or any other text")
        }
        return secret
    }
}
