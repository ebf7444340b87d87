import CEL
import JSON
import PolicyBundle

/// The properties that come with a request's resource, by their declared types.
struct ResourceProperties {
    /// The declared ones alone: what `resource.properties.name` reads where every property is declared.
    private(set) var declared: [String: CELValue] = [:]
    /// All of them: what `resource.properties` is where others are allowed too.
    private(set) var all = CELMap()

    /// - Throws: `RequestError` if one has another type or value than the declared one, or is none of the type's.
    init(_ properties: JSONObject, of resource: PolicyEngine.ResolvedResource) throws(RequestError) {
        var values: [(String, CELValue)] = []
        for member in properties.members {
            let pointer = "/resource/properties/\(RequestValues.escape(member.name))"
            let value: CELValue
            if let known = Self.declaration(of: member.name, of: resource) {
                value = try RequestValues.value(member.value, known, at: pointer)
                declared[member.name] = value
            } else {
                if case .declared(let type) = resource, !type.isOpen {
                    throw RequestError(pointer, "is no property of a resource of type `\(type.name)`")
                }
                value = RequestValues.dynamic(member.value)
            }
            values.append((member.name, value))
        }
        all = CELMap(values)
    }

    private static func declaration(of name: String, of resource: PolicyEngine.ResolvedResource) -> DeclaredMember? {
        switch resource {
        case .model: ConditionVariables.modelProperties[name].map { DeclaredMember(type: $0.description) }
        case .declared(let type): type.properties[name]
        }
    }
}
