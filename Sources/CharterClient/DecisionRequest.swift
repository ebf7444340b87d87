import JSON

/// May this subject do this with this resource, now?
public struct DecisionRequest: Sendable, Hashable {
    /// A subject or a resource.
    public struct Entity: Sendable, Hashable {
        public var type: String
        public var id: String
        /// What comes with the request, and is worth as much as whoever sends it.
        public var properties: JSONObject

        public init(type: String, id: String, properties: JSONObject = [:]) {
            self.type = type
            self.id = id
            self.properties = properties
        }

        public static func user(_ id: String) -> Entity { Entity(type: "user", id: id) }
        public static func serviceAccount(_ id: String) -> Entity { Entity(type: "service-account", id: id) }
        public static func model(_ id: String) -> Entity { Entity(type: "model", id: id) }

        var json: JSONValue {
            var object: JSONObject = ["type": .string(type), "id": .string(id)]
            if !properties.members.isEmpty { object["properties"] = .object(properties) }
            return .object(object)
        }
    }

    public var subject: Entity
    /// The action's name.
    public var action: String
    public var resource: Entity
    /// What is known of the occasion, e.g. `inputTokens`.
    public var context: JSONObject

    public init(subject: Entity, action: String, resource: Entity, context: JSONObject = [:]) {
        self.subject = subject
        self.action = action
        self.resource = resource
        self.context = context
    }

    var json: JSONValue {
        var object: JSONObject = ["subject": subject.json, "action": ["name": .string(action)], "resource": resource.json]
        if !context.members.isEmpty { object["context"] = .object(context) }
        return .object(object)
    }
}
