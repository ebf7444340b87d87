import CEL

/// Reads `cel.expr.Type` in the JSON mapping of protocol buffers.
enum ConformanceType {
    static func read(_ json: [String: Any]) throws -> CELType {
        guard let (kind, content) = json.first else { throw ConformanceCase.Unreadable(what: "type \(json)") }
        let parts = content as? [String: Any] ?? [:]
        switch kind {
        case "dyn": return .dyn
        case "null": return .null
        case "primitive": return try primitive(content as? String ?? "")
        case "wrapper": return .wrapper(try primitive(content as? String ?? ""))
        case "wellKnown": return try wellKnown(content as? String ?? "")
        case "listType": return .list(try read(parts["elemType"] as? [String: Any] ?? [:]))
        case "mapType":
            return .map(try read(parts["keyType"] as? [String: Any] ?? [:]), try read(parts["valueType"] as? [String: Any] ?? [:]))
        case "messageType": return try message(content as? String ?? "")
        case "typeParam": return .parameter(content as? String ?? "")
        case "type": return .type
        case "abstractType":
            let parameters = try (parts["parameterTypes"] as? [[String: Any]] ?? []).map(read)
            let name = parts["name"] as? String ?? ""
            return name == "optional_type" ? .optional(parameters.first ?? .dyn) : .opaque(name, parameters)
        default: throw ConformanceCase.Unreadable(what: "type \(json)")
        }
    }

    static func function(_ name: String, _ json: [String: Any]) throws -> CELFunctionDeclaration {
        let overloads = try (json["overloads"] as? [[String: Any]] ?? []).map { overload in
            CELFunctionDeclaration.Overload(
                parameters: try (overload["params"] as? [[String: Any]] ?? []).map(read),
                result: try read(overload["resultType"] as? [String: Any] ?? [:]),
                isReceiverStyle: overload["isInstanceFunction"] as? Bool ?? false)
        }
        return CELFunctionDeclaration(name: name, overloads: overloads)
    }

    private static func primitive(_ name: String) throws -> CELType {
        switch name {
        case "BOOL": .bool
        case "INT64": .int
        case "UINT64": .uint
        case "DOUBLE": .double
        case "STRING": .string
        case "BYTES": .bytes
        default: throw ConformanceCase.Unreadable(what: "primitive \(name)")
        }
    }

    private static func wellKnown(_ name: String) throws -> CELType {
        switch name {
        case "TIMESTAMP": .timestamp
        case "DURATION": .duration
        case "ANY": .dyn
        default: throw ConformanceCase.Unreadable(what: "well-known type \(name)")
        }
    }

    private static func message(_ name: String) throws -> CELType {
        guard let type = CELType.message(named: name) else { throw ConformanceCase.Unreadable(what: "message \(name)") }
        return type
    }
}
