import CEL
import Foundation

/// Reads `cel.expr.Value` in the JSON mapping of protocol buffers.
enum ConformanceValue {
    static func read(_ json: [String: Any]) throws -> CELValue {
        guard json.count == 1, let (kind, content) = json.first else { throw ConformanceCase.Unreadable(what: "value \(json)") }
        switch (kind, content) {
        case ("nullValue", _): return .null
        case ("boolValue", let value as Bool): return .bool(value)
        case ("int64Value", _): return .int(try integer(content))
        case ("uint64Value", _): return .uint(try integer(content))
        case ("doubleValue", _): return .double(try double(content))
        case ("stringValue", let text as String): return .string(text)
        case ("bytesValue", let text as String): return .bytes(try bytes(text))
        case ("typeValue", let name as String): return .type(name)
        case ("listValue", let list as [String: Any]):
            return .list(try (list["values"] as? [[String: Any]] ?? []).map(read))
        case ("mapValue", let map as [String: Any]):
            let entries = try (map["entries"] as? [[String: Any]] ?? []).map {
                (try read($0["key"] as? [String: Any] ?? [:]), try read($0["value"] as? [String: Any] ?? [:]))
            }
            return .map(CELMap(entries))
        case ("objectValue", let object as [String: Any]): return try message(object)
        default: throw ConformanceCase.Unreadable(what: "value \(json)")
        }
    }

    private static func integer<T: FixedWidthInteger>(_ content: Any) throws -> T {
        guard let value = T("\(content)") else { throw ConformanceCase.Unreadable(what: "integer \(content)") }
        return value
    }

    private static func double(_ content: Any) throws -> Double {
        if let text = content as? String {
            return text == "NaN" ? .nan : text == "Infinity" ? .infinity : text == "-Infinity" ? -.infinity : Double(text) ?? .nan
        }
        guard let value = content as? NSNumber else { throw ConformanceCase.Unreadable(what: "double \(content)") }
        return value.doubleValue
    }

    private static func bytes(_ text: String) throws -> [UInt8] {
        guard let data = Data(base64Encoded: text) else { throw ConformanceCase.Unreadable(what: "bytes \(text)") }
        return Array(data)
    }

    /// An `Any` of a well-known type.
    private static func message(_ object: [String: Any]) throws -> CELValue {
        let name = (object["@type"] as? String ?? "").split(separator: "/").last.map(String.init) ?? ""
        let content = object["value"] ?? NSNull()
        switch name {
        case "google.protobuf.Int32Value", "google.protobuf.Int64Value": return .int(try integer(content))
        case "google.protobuf.UInt32Value", "google.protobuf.UInt64Value": return .uint(try integer(content))
        case "google.protobuf.FloatValue": return .double(Double(Float(try double(content))))
        case "google.protobuf.DoubleValue": return .double(try double(content))
        case "google.protobuf.BoolValue": return .bool(content as? Bool ?? false)
        case "google.protobuf.StringValue": return .string(content as? String ?? "")
        case "google.protobuf.BytesValue": return .bytes(try bytes(content as? String ?? ""))
        case "google.protobuf.Duration":
            guard let value = CELDuration(text: content as? String ?? "") else { throw ConformanceCase.Unreadable(what: "\(content)") }
            return .duration(value)
        case "google.protobuf.Timestamp":
            guard let value = CELTimestamp(text: content as? String ?? "") else { throw ConformanceCase.Unreadable(what: "\(content)") }
            return .timestamp(value)
        case "google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue": return json(content)
        default: throw ConformanceCase.Unreadable(what: "message \(name)")
        }
    }

    /// A JSON value as CEL sees it: numbers are doubles.
    private static func json(_ content: Any) -> CELValue {
        switch content {
        case let text as String: .string(text)
        case let list as [Any]: .list(list.map(json))
        case let map as [String: Any]: .map(CELMap(map.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) }))
        case let number as NSNumber: String(cString: number.objCType) == "c" ? .bool(number.boolValue) : .double(number.doubleValue)
        default: .null
        }
    }
}
