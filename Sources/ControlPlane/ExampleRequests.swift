import EnforcementServer
import JSON
import PolicyBundle
import PolicyEngine

/// Requests to try on a server that has just started: one that its own bundle allows, one that it denies.
enum ExampleRequests {
    struct Example: Sendable {
        var body: JSONValue
        /// The first reason of a denial, or nothing.
        var reason: String
    }

    private static let sizes: [(input: Int64, output: Int64)] = [(1200, 800), (40_000, 8000)]
    /// Subjects and models that are tried: enough to find both in a real repository, few enough to take no time.
    private static let limit = 40

    /// Walks subjects and models in their order; a denial by a policy is preferred to one for want of a permission.
    static func find(_ engine: PolicyEngine, now: Int64) -> (allowed: Example?, denied: Example?) {
        let bundle = engine.bundle
        var allowed: Example?
        var denied: Example?
        var unpermitted: Example?
        for subject in 0..<min(limit, bundle.count(.subj))
        where bundle.word(.subj, subject, SubjectColumn.flags) & SubjectColumn.serviceAccount == 0 {
            for model in 0..<min(limit, bundle.count(.modl)) {
                for size in sizes {
                    let body = request(bundle, subject: subject, model: model, size)
                    guard let decision = try? engine.decide(body, now: now, id: "") else { continue }
                    let reason = decision.reasons.first
                    let example = Example(body: body, reason: reason?.message ?? "")
                    // What comes with errors or warnings explains less than it asks.
                    guard decision.errors.isEmpty, decision.warnings.isEmpty else { continue }
                    if decision.isAllowed {
                        allowed = allowed ?? example
                    } else if reason?.policy != nil {
                        denied = denied ?? example
                    } else {
                        unpermitted = unpermitted ?? example
                    }
                    if let allowed, let denied { return (allowed, denied) }
                }
            }
        }
        return (allowed, denied ?? unpermitted)
    }

    private static func request(_ bundle: PolicyBundle, subject: Int, model: Int, _ size: (input: Int64, output: Int64)) -> JSONValue {
        [
            "subject": ["type": "user", "id": .string(bundle.string(.subj, subject, SubjectColumn.name))],
            "action": ["name": "llm.chat"],
            "resource": ["type": "model", "id": .string(bundle.string(.modl, model, ModelColumn.name))],
            "context": ["inputTokens": .int(size.input), "maxOutputTokens": .int(size.output), "dataClassification": "internal"],
        ]
    }
}
