import CEL
import JSON

/// What the caller must do if it goes on; merged so that the order of policies does not matter.
public struct Obligations: Sendable, Equatable {
    /// The detectors whose findings are taken out, with the strictest way asked for.
    public var redact: [String: String] = [:]
    /// The lowest limit asked for, by its name, e.g. `maxOutputTokens`.
    public var limits: [String: Int64] = [:]
    /// Roles of which one must approve.
    public var approvers: Set<String> = []
    /// The model to be used instead, and the rule that says so: of several the one whose policy, then whose own name comes first.
    public var route: Route?

    public struct Route: Sendable, Equatable {
        public var policy: String
        public var rule: String
        public var model: String
    }

    public var isEmpty: Bool { redact.isEmpty && limits.isEmpty && approvers.isEmpty && route == nil }

    private static let strictness = ["mask": 0, "hash": 1, "remove": 2]

    /// Adds what one rule asks for: a map as the compiler wrote it from the rule's `redact`, `limit`, `route` or `requireApproval`.
    mutating func add(_ effect: Effect, _ value: CELValue, policy: String, rule: String) {
        guard case .map(let map) = value else { return }
        switch effect {
        case .redact:
            let mode = Self.text(map["mode"]) ?? "mask"
            for detector in Self.texts(map["detectors"]) {
                let known = redact[detector].flatMap { Self.strictness[$0] } ?? -1
                if (Self.strictness[mode] ?? 2) > known { redact[detector] = mode }
            }
        case .limit:
            for (key, entry) in zip(map.keys, map.values) {
                guard case .string(let name) = key, case .int(let limit) = entry else { continue }
                limits[name] = min(limits[name] ?? .max, limit)
            }
        case .requireApproval: approvers.formUnion(Self.texts(map["roles"]))
        case .route:
            guard let model = Self.text(map["model"]) else { return }
            if let known = route, (known.policy, known.rule) <= (policy, rule) { return }
            route = Route(policy: policy, rule: rule, model: model)
        case .deny, .warn: break
        }
    }

    public var json: JSONValue {
        var object = JSONObject()
        if !redact.isEmpty {
            object["redact"] = .array(redact.sorted { $0.key < $1.key }.map { ["detector": .string($0.key), "mode": .string($0.value)] })
        }
        if !limits.isEmpty { object["limit"] = .object(JSONObject(limits.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })) }
        if !approvers.isEmpty { object["requireApproval"] = ["roles": JSONValue(approvers.sorted())] }
        if let route { object["route"] = ["model": .string(route.model)] }
        return .object(object)
    }

    private static func text(_ value: CELValue?) -> String? {
        if case .string(let text)? = value { return text }
        return nil
    }

    private static func texts(_ value: CELValue?) -> [String] {
        guard case .list(let items)? = value else { return [] }
        return items.compactMap { text($0) }
    }
}

/// What a rule does, in the order of the bundle's numbers.
public enum Effect: UInt32, Sendable, CaseIterable {
    case deny, warn, redact, requireApproval, limit, route
}
