import PolicyEngine
import Synchronization

/// Whether a subject may use a part of the API, remembered for a moment: roles change with the bundle, and their conditions with time.
final class PermissionCache: Sendable {
    private struct Question: Hashable {
        var subject: PolicyEngine.NamedSubject
        var operation: APIOperation
    }

    private struct Answer {
        var isPermitted: Bool
        var until: Int64
        var digest: String
    }

    /// Nanoseconds.
    private static let lifetime: Int64 = 1_000_000_000
    private static let capacity = 10_000

    private let answers = Mutex<[Question: Answer]>([:])

    /// - Parameter now: nanoseconds since 1970.
    func isPermitted(
        _ subject: PolicyEngine.NamedSubject, _ operation: APIOperation, by entry: BundleStore.Entry, now: Int64
    ) -> Bool {
        let question = Question(subject: subject, operation: operation)
        let digest = entry.engine.digest
        let known = answers.withLock { $0[question] }
        if let known, now < known.until, now >= known.until - Self.lifetime, known.digest == digest { return known.isPermitted }
        let isPermitted = entry.sessions.withSession { session in
            session.isPermitted(
                subject: (subject.type, subject.name), action: operation.action,
                resource: (APIOperation.resourceType, APIOperation.resourceID),
                now: now)
        }
        answers.withLock { answers in
            if answers.count >= Self.capacity { answers.removeAll() }
            answers[question] = Answer(isPermitted: isPermitted, until: now + Self.lifetime, digest: digest)
        }
        return isPermitted
    }
}
