import CEL

/// The variables that conditions may read: what the compiler checks against and the engine fills.
///
/// Each leaf is a slot. Bundles name their slots (`subject.email`, `context.inputTokens`), so that an engine refuses one it cannot fill.
public enum ConditionVariables {
    /// A type that documents declare, as they spell it.
    public static func type(named name: String) -> CELType? {
        switch name {
        case "string": .string
        case "int": .int
        case "double": .double
        case "bool": .bool
        case "timestamp": .timestamp
        case "stringList": .list(.string)
        default: nil
        }
    }

    /// The properties that a request may give of a model.
    public static let modelProperties: [String: CELType] = ["region": .string]

    /// The variables for an organisation that declares these attributes.
    ///
    /// - Parameter resourceProperties: all properties that a resource can have; `nil` where a request may bring others.
    public static func all(
        subjectAttributes: [CELRecordType.Field], contextAttributes: [CELRecordType.Field], resourceProperties: [CELRecordType.Field]?
    ) -> [CELEnvironment.Variable] {
        let properties = CELType.map(.string, .dyn)
        let ofResource = resourceProperties.map { CELType.record(CELRecordType(name: "resource.properties", fields: $0)) } ?? properties
        let subject = record(
            "subject",
            [
                ("type", .string), ("id", .string), ("email", .string), ("teams", .list(.string)), ("roles", .list(.string)),
                ("attributes", .record(CELRecordType(name: "subject.attributes", fields: subjectAttributes))), ("properties", properties),
            ])
        let resource = record(
            "resource",
            [
                ("type", .string), ("id", .string), ("provider", .string), ("upstream", .string), ("mode", .string),
                ("regions", .list(.string)), ("capabilities", .list(.string)), ("tags", .list(.string)), ("region", .string),
                ("contextWindow", .int), ("maxOutput", .int), ("properties", ofResource),
            ])
        let builtin = contextFields.map { CELRecordType.Field(name: $0.name, type: $0.type) }
        let context = CELType.record(CELRecordType(name: "context", fields: builtin + contextAttributes))
        return [
            .init("subject", subject),
            .init("action", record("action", [("name", .string), ("properties", properties)])),
            .init("resource", resource),
            .init("context", context),
            .init("estimate", record("estimate", [("cost", .double), ("inputTokens", .int), ("outputTokens", .int)])),
            .init("findings", .list(.map(.string, .dyn))),
            .init("now", .timestamp),
        ]
    }

    /// The built-in members of a request's context.
    public static let contextFields: [(name: String, type: CELType)] = [
        ("inputTokens", .int), ("maxOutputTokens", .int), ("dataClassification", .string), ("region", .string), ("purpose", .string),
        ("environment", .string), ("sessionId", .string), ("tools", .list(.string)), ("stream", .bool), ("tags", .map(.string, .string)),
    ]

    /// The only texts that a built-in member of the context may hold, where not every text is allowed.
    public static let contextValues: [String: [String]] = ["dataClassification": ["public", "internal", "confidential", "restricted"]]

    /// The most bytes of an action's name, and of a subject's or resource's type and id, that a request may have.
    public static let longestName = 1_024

    private static func record(_ name: String, _ fields: [(String, CELType)]) -> CELType {
        .record(CELRecordType(name: name, fields: fields.map { CELRecordType.Field(name: $0.0, type: $0.1) }))
    }
}
