import JSON

/// A request made at random, as plain values.
struct RandomRequest {
    var subjectType: String
    var subject: String
    var action: String
    var resourceType: String
    var resource: String
    /// `purpose`, `environment`, `region`, `stage`.
    var context: [String: String] = [:]
    /// `inputTokens`, `maxOutputTokens`.
    var counts: [String: Int64] = [:]
    /// `region`, `kind`.
    var properties: [String: String] = [:]
    /// Nanoseconds since 1970.
    var now: Int64 = RandomWorld.times[1] * 1_000_000_000

    private static let subjects = [
        ("user", "u0"), ("user", "u1"), ("user", "u2"), ("user", "u3"), ("user", "u4"), ("user", "oidc|user"), ("service-account", "s0"),
        ("service-account", "s1"), ("service-account", "oidc|service-account"),
    ]
    /// Disabled, of the wrong type, of no type, or not there.
    private static let strangers = [
        ("user", "u5"), ("user", "eve"), ("service-account", "u1"), ("service-account", "oidc|user"), ("group", "u0"), ("user", "s0"),
    ]
    private static let actions = [
        "model": ["llm.chat", "llm.chat", "llm.embed", "tool.call", "other", "read", "odd*one", "unheard", "llm.unheard-of"],
        "tool": ["tool.call", "llm.chat", "odd*one"], "dataset": ["read", "llm.chat"],
    ]
    private static let resources = [
        ("model", "p0/m0"), ("model", "p1/m1"), ("model", "p0/m2"), ("model", "p1/m3"), ("model", "p0/m4"), ("tool", "x"), ("tool", "xy"),
        ("tool", "y"), ("dataset", "x"), ("dataset", "xy"),
    ]

    /// Subject, action and resource, and nothing else.
    static let plain: [RandomRequest] = [
        ("user", "u0"), ("user", "u1"), ("user", "u2"), ("user", "u3"), ("user", "u5"), ("user", "eve"), ("service-account", "s0"),
    ].flatMap { type, subject in
        ["llm.chat", "tool.call", "other", "unheard"].flatMap { action in
            resources.map {
                RandomRequest(subjectType: type, subject: subject, action: action, resourceType: $0.0, resource: $0.1)
            }
        }
    }

    init(subjectType: String, subject: String, action: String, resourceType: String, resource: String) {
        self.subjectType = subjectType
        self.subject = subject
        self.action = action
        self.resourceType = resourceType
        self.resource = resource
    }

    init(_ random: inout Noise) {
        (subjectType, subject) = random.one(random.isOnce(in: 12) ? Self.strangers : Self.subjects)
        (resourceType, resource) = random.one(random.isOnce(in: 20) ? [("model", "p9/m9"), ("planet", "x")] : Self.resources)
        action = random.one(random.isOnce(in: 20) ? ["other", "nothing"] : Self.actions[resourceType] ?? ["read"])
        for name in ["purpose", "environment", "region"] where !random.isOnce(in: 6) {
            // A value that no document names, too.
            context[name] = random.one(RandomCondition.values + ["unheard"])
        }
        if random.isOnce(in: 2) { context["stage"] = random.one(["draft", "final"]) }
        for name in ["inputTokens", "maxOutputTokens"] where !random.isOnce(in: 3) { counts[name] = Int64(random.below(7)) }
        if resourceType == "model" || resourceType == "dataset", random.isOnce(in: 2) {
            properties["region"] = random.one(RandomCondition.values)
        }
        if resourceType != "model", random.isOnce(in: 2) { properties["kind"] = random.one(RandomCondition.values) }
        now = random.one(RandomWorld.times) * 1_000_000_000 + Int64(random.below(3)) - 1
    }

    /// As the engine reads it.
    ///
    /// - Parameter world: a closed type does not take a region.
    func bytes(in world: RandomWorld) -> [UInt8] {
        var context = JSONObject(context.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) })
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { context[name] = .int(count) }
        let properties = properties(in: world).sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return JSONWriter.bytes([
            "subject": ["type": .string(subjectType), "id": .string(subject)], "action": ["name": .string(action)],
            "resource": ["type": .string(resourceType), "id": .string(resource), "properties": .object(JSONObject(properties))],
            "context": .object(context),
        ])
    }

    func properties(in world: RandomWorld) -> [String: String] {
        let isClosed = world.types.contains { $0.name == resourceType && !$0.isOpen }
        return isClosed ? properties.filter { $0.key == "kind" } : properties
    }
}
