/// The types and messages that are part of the language (cel-spec langdef: Dynamic Values).
enum WellKnownTypes {
    /// The value of a name that stands for a type, or for the one constant of an enumeration.
    static func constant(_ name: String) -> CELValue? {
        if name == "google.protobuf.NullValue.NULL_VALUE" { return .null }
        return types.contains(name) ? .type(name) : nil
    }

    private static let types: Set<String> = [
        "null_type", "bool", "int", "uint", "double", "string", "bytes", "list", "map", "type", "dyn", "optional_type", "net.IP",
        "net.CIDR",
        "google.protobuf.Timestamp", "google.protobuf.Duration",
    ]

    /// A field of a message, and the function that makes the message's value of the field's.
    struct Field: Sendable {
        var name: String
        var type: CELType
        var function: CELFunction?
    }

    /// A message that stands for a value of another type.
    struct Message: Sendable {
        var type: CELType
        /// Its value when no field is set.
        var empty: CELValue
        var fields: [Field]
        /// What makes the value of all fields together, with the value of each that is not set; nil when each field has a function.
        var constructor: (function: CELFunction, defaults: [CELValue])?
    }

    static let messages: [String: Message] = {
        func wrapper(_ type: CELType, _ empty: CELValue, _ function: CELFunction) -> Message {
            Message(type: .wrapper(type), empty: empty, fields: [Field(name: "value", type: type, function: function)])
        }
        func time(_ type: CELType, _ empty: CELValue, _ function: CELFunction) -> Message {
            Message(type: type, empty: empty, fields: parts, constructor: (function, [.int(0), .int(0)]))
        }
        let parts = [Field(name: "seconds", type: .int), Field(name: "nanos", type: .int)]
        let messages: [String: Message] = [
            "Int32Value": wrapper(.int, .int(0), .wrapInt32), "Int64Value": wrapper(.int, .int(0), .wrapInt64),
            "UInt32Value": wrapper(.uint, .uint(0), .wrapUInt32), "UInt64Value": wrapper(.uint, .uint(0), .wrapUInt64),
            "FloatValue": wrapper(.double, .double(0), .wrapFloat), "DoubleValue": wrapper(.double, .double(0), .wrapDouble),
            "BoolValue": wrapper(.bool, .bool(false), .wrapBool), "StringValue": wrapper(.string, .string(""), .wrapString),
            "BytesValue": wrapper(.bytes, .bytes([]), .wrapBytes),
            "Value": Message(
                type: .dyn, empty: .null,
                fields: [
                    Field(name: "null_value", type: .dyn, function: .jsonNull),
                    Field(name: "number_value", type: .double, function: .jsonNumber),
                    Field(name: "string_value", type: .string, function: .jsonString),
                    Field(name: "bool_value", type: .bool, function: .jsonBool),
                    Field(name: "struct_value", type: .map(.string, .dyn), function: .jsonStruct),
                    Field(name: "list_value", type: .list(.dyn), function: .jsonList),
                ]),
            "Struct": Message(
                type: .map(.string, .dyn), empty: .map(CELMap()),
                fields: [Field(name: "fields", type: .map(.string, .dyn), function: .jsonStruct)]),
            "ListValue": Message(
                type: .list(.dyn), empty: .list([]), fields: [Field(name: "values", type: .list(.dyn), function: .jsonList)]),
            "Timestamp": time(.timestamp, .timestamp(CELTimestamp(nanosecondsSince1970: 0)), .makeTimestamp),
            "Duration": time(.duration, .duration(CELDuration(nanoseconds: 0)), .makeDuration),
            "Any": Message(
                type: .dyn, empty: .null, fields: [Field(name: "type_url", type: .string), Field(name: "value", type: .bytes)],
                constructor: (.unpackAny, [.string(""), .bytes([])])),
        ]
        return Dictionary(uniqueKeysWithValues: messages.map { ("google.protobuf." + $0.key, $0.value) })
    }()
}

extension CELType {
    /// The type of a well-known message (`google.protobuf.Int64Value`), or nil for any other.
    public static func message(named name: String) -> CELType? { WellKnownTypes.messages[name]?.type }
}
