/// A CEL value (cel-spec langdef: Values), or the error that stands in its place.
public enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(CELTimestamp)
    case duration(CELDuration)
    /// A type, by its name.
    case type(String)
    indirect case optional(CELValue?)
    indirect case address(CELNetworkAddress)
    indirect case network(CELNetwork)
    /// A compiled regular expression. Only ever a constant of a program.
    case pattern(CELPattern)
    case error(CELError)
}

extension CELValue {
    /// The name that `type()` gives.
    public var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string, .pattern: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .optional: "optional_type"
        case .address: "net.IP"
        case .network: "net.CIDR"
        case .error: "error"
        }
    }

    public var isError: Bool {
        if case .error = self { return true }
        return false
    }

    /// True for what `optional.ofNonZeroValue` leaves out: null, false, zero, and whatever is empty.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .list(let value): value.isEmpty
        case .map(let value): value.count == 0
        case .timestamp(let value): value.seconds == 0 && value.nanoseconds == 0
        case .duration(let value): value.nanoseconds == 0
        case .optional(let value): value == nil
        case .type, .address, .network, .pattern, .error: false
        }
    }
}
