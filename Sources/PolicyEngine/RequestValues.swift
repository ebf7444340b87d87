import CEL
import JSON

/// Turns members of a request into values of the types that conditions were checked against.
enum RequestValues {
    /// `json` as a value of `type` (a type's name as the bundle's slots spell it); the error says what was expected.
    static func value(_ json: JSONValue, type: String, at pointer: String) throws(RequestError) -> CELValue {
        switch (type, json) {
        case ("string", .string(let text)): return .string(text)
        case ("bool", .bool(let flag)): return .bool(flag)
        case ("int", .int(let number)): return .int(number)
        case ("int", .double(let number)):
            if let exact = Int64(exactly: number) { return .int(exact) }
        case ("double", .int(let number)): return .double(Double(number))
        case ("double", .double(let number)): return .double(number)
        case ("google.protobuf.Timestamp", .string(let text)):
            if let time = CELTimestamp(text: text) { return .timestamp(time) }
            throw RequestError(pointer, "must be a time such as 2026-01-31T12:00:00Z (RFC 3339)")
        case ("list(string)", .array(let items)):
            var values: [CELValue] = []
            for (index, item) in items.enumerated() { values.append(try value(item, type: "string", at: "\(pointer)/\(index)")) }
            return .list(values)
        case ("map(string, string)", .object(let object)):
            var entries: [(String, CELValue)] = []
            for member in object.members {
                entries.append((member.name, try value(member.value, type: "string", at: "\(pointer)/\(escape(member.name))")))
            }
            return .map(CELMap(entries))
        case ("dyn", _), ("map(string, dyn)", .object): return dynamic(json)
        default: break
        }
        throw RequestError(pointer, "must be \(expectation(type)), found \(json.kindName)")
    }

    /// `json` as a value of a declared member: of its type, and one of its values where not every one is allowed.
    static func value(_ json: JSONValue, _ member: DeclaredMember, at pointer: String) throws(RequestError) -> CELValue {
        let value = try value(json, type: member.type, at: pointer)
        guard !member.values.isEmpty else { return value }
        switch value {
        case .string: try expect(value, among: member.values, at: pointer)
        case .list(let items):
            for (index, item) in items.enumerated() { try expect(item, among: member.values, at: "\(pointer)/\(index)") }
        default: break
        }
        return value
    }

    /// By bytes, as conditions compare: another way to write the same letter is another value.
    private static func expect(_ value: CELValue, among values: [String], at pointer: String) throws(RequestError) {
        if case .string(let text) = value, values.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return }
        throw RequestError(pointer, "must be one of \(values.map { "`\($0)`" }.joined(separator: ", "))")
    }

    /// `json` as it is.
    static func dynamic(_ json: JSONValue) -> CELValue {
        switch json {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .double(let number): .double(number)
        case .decimal(let text): Double(text).map { .double($0) } ?? .null
        case .string(let text): .string(text)
        case .array(let items): .list(items.map(dynamic))
        case .object(let object): .map(CELMap(object.members.map { ($0.name, dynamic($0.value)) }))
        }
    }

    /// A name as a part of a JSON Pointer (RFC 6901 §3).
    static func escape(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "~")) || name.utf8.contains(UInt8(ascii: "/")) else { return name }
        return String(name.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
    }

    private static func expectation(_ type: String) -> String {
        switch type {
        case "string": "a string"
        case "bool": "a boolean"
        case "int": "an integer"
        case "double": "a number"
        case "google.protobuf.Timestamp": "a time as a string"
        case "list(string)": "an array of strings"
        case "map(string, string)": "an object of strings"
        default: "an object"
        }
    }
}
