import HTTPService
import JSON
import NIOHTTP1
import PolicyEngine

/// How the second bundle would decide.
extension APIRoutes {
    mutating func addShadow(_ shadow: ShadowComparison?) {
        on(.GET, "/v1/shadow", .read) { _, _ in
            guard let shadow else {
                return .ready(
                    .problem(Problem(status: .notFound, detail: "there is no shadow bundle; start the server with --shadow SOURCE")))
            }
            return .ready(EnforcementServer.json(shadow.json))
        }
    }
}

/// A request that the two bundles decide differently: who, what and on what, and nothing else of it.
struct ShadowExample: Sendable {
    var now: Int64
    var outcome: ShadowComparison.Outcome
    var subject: JSONValue
    var action: JSONValue
    var resource: JSONValue
    var inForce: JSONValue
    var shadow: JSONValue

    init(
        _ request: [UInt8], _ now: Int64, _ outcome: ShadowComparison.Outcome, _ own: Decision, _ shadowDigest: String,
        _ other: Decision? = nil, error: String? = nil
    ) {
        self.now = now
        self.outcome = outcome
        let json = try? JSONParser.parse(request)
        func entity(_ name: String) -> JSONValue {
            ["type": json?[name]?["type"] ?? .null, "id": json?[name]?["id"] ?? .null]
        }
        subject = entity("subject")
        action = json?["action"]?["name"] ?? .null
        resource = entity("resource")
        inForce = Self.json(own, own.bundleDigest, nil)
        shadow = Self.json(other, shadowDigest, error)
    }

    private static func json(_ decision: Decision?, _ digest: String, _ error: String?) -> JSONValue {
        var object: JSONObject = ["digest": .string("sha256:\(digest)")]
        if let decision {
            object["decision"] = .bool(decision.isAllowed)
            object["reason"] = (decision.reasons.first ?? decision.warnings.first).map(Self.json) ?? .null
        }
        if let error { object["error"] = .string(error) }
        return .object(object)
    }

    /// Without its message, which may hold whatever the request holds.
    private static func json(_ reason: Decision.Reason) -> JSONValue {
        var object: JSONObject = ["code": .string(reason.code.rawValue)]
        if let policy = reason.policy { object["policy"] = .string(policy) }
        if let rule = reason.rule { object["rule"] = .string(rule) }
        if let source = reason.source { object["source"] = .string(source) }
        return .object(object)
    }

    var json: JSONValue {
        [
            "time": .string(TimeText.rfc3339(now)), "outcome": .string(outcome.rawValue), "subject": subject, "action": action,
            "resource": resource, "inForce": inForce, "shadow": shadow,
        ]
    }
}
