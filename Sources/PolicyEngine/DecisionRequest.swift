import JSON

/// "May this subject do this to this resource?", in the shape of OpenID AuthZEN (Authorization API 1.0 §5).
public struct DecisionRequest: Sendable {
    public struct Entity: Sendable {
        public var type: String
        public var id: String
        public var properties: JSONObject
    }

    public var subject: Entity
    public var action: String
    public var actionProperties: JSONObject
    public var resource: Entity
    public var context: JSONObject

    /// Reads a request; members that it does not know are ignored, as the standard asks.
    public init(_ json: JSONValue) throws(RequestError) {
        guard case .object(let request) = json else { throw RequestError("", "must be an object, found \(json.kindName)") }
        subject = try Self.entity(request, "subject")
        resource = try Self.entity(request, "resource")
        let action = try Self.object(request, "action", at: "/action")
        self.action = try Self.text(action, "name", at: "/action")
        actionProperties = try Self.optionalObject(action, "properties", at: "/action")
        context = try Self.optionalObject(request, "context", at: "")
    }

    private static func entity(_ request: JSONObject, _ name: String) throws(RequestError) -> Entity {
        let object = try object(request, name, at: "/\(name)")
        return Entity(
            type: try text(object, "type", at: "/\(name)"), id: try text(object, "id", at: "/\(name)"),
            properties: try optionalObject(object, "properties", at: "/\(name)"))
    }

    private static func object(_ parent: JSONObject, _ name: String, at pointer: String) throws(RequestError) -> JSONObject {
        guard let value = parent[name] else { throw RequestError(pointer, "is missing") }
        guard case .object(let object) = value else { throw RequestError(pointer, "must be an object, found \(value.kindName)") }
        return object
    }

    private static func optionalObject(_ parent: JSONObject, _ name: String, at pointer: String) throws(RequestError) -> JSONObject {
        switch parent[name] {
        case nil, .null?: return JSONObject()
        case .object(let object)?: return object
        case let value?: throw RequestError("\(pointer)/\(name)", "must be an object, found \(value.kindName)")
        }
    }

    private static func text(_ parent: JSONObject, _ name: String, at pointer: String) throws(RequestError) -> String {
        guard let value = parent[name] else { throw RequestError("\(pointer)/\(name)", "is missing") }
        guard case .string(let text) = value else { throw RequestError("\(pointer)/\(name)", "must be a string, found \(value.kindName)") }
        if text.isEmpty { throw RequestError("\(pointer)/\(name)", "must not be empty") }
        if text.utf8.count > 1024 { throw RequestError("\(pointer)/\(name)", "must not be longer than 1024 bytes") }
        return text
    }
}

/// What is wrong with a request, and where.
public struct RequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// RFC 6901; empty for the request as a whole.
    public var pointer: String
    public var detail: String

    public init(_ pointer: String, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    public var description: String { "\(pointer.isEmpty ? "the request" : "`\(pointer)`") \(detail)" }
}
