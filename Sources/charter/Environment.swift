import ControlPlane
import Foundation
import Glibc
import Webhooks

/// The environment that the command was given.
enum Environment {
    /// `nil` for a variable that is empty or not set.
    static func text(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// What senders of webhooks prove themselves with.
enum WebhookSecret {
    private static let variable = "CHARTER_WEBHOOK_SECRET"

    /// `nil` where no secret is set.
    static func receipt() throws(ControlError) -> WebhookReceipt? {
        guard let secret = Environment.text(variable) else { return nil }
        do throws(WebhookReceipt.BadSecret) {
            return try WebhookReceipt(secret: secret)
        } catch {
            throw ControlError(.usage, "\(variable) is no secret: \(error)")
        }
    }
}

/// Standard input as a sign of life: whoever has started the command holds the other end and writes nothing.
enum InputEnd {
    /// Seconds that stopping may take.
    private static let patience: UInt32 = 60

    static func watch(_ stop: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            _ = FileHandle.standardInput.readDataToEndOfFile()
            stop()
            // Nobody is left who would end what hangs.
            sleep(patience)
            _exit(ExitStatus.tryAgain.rawValue)
        }
    }
}
