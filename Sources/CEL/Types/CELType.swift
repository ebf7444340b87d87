/// A CEL type (cel-spec langdef: Types), with the forms that a checker needs beside those that values have.
public indirect enum CELType: Hashable, Sendable {
    case dyn, null, bool, int, uint, double, string, bytes, timestamp, duration, type
    case list(CELType)
    case map(CELType, CELType)
    case record(CELRecordType)
    case optional(CELType)
    /// A primitive that may also be null: the `google.protobuf` wrappers.
    case wrapper(CELType)
    /// A type known only by name and parameters, such as `net.IP`.
    case opaque(String, [CELType])
    /// A type parameter of a declared overload.
    case parameter(String)
    /// A type that the checker has yet to find. Never part of a compiled program's result type.
    case variable(Int)
}

extension CELType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .record(let record): record.name
        case .optional(let wrapped): "optional_type(\(wrapped))"
        case .wrapper(let wrapped): "wrapper(\(wrapped))"
        case .opaque(let name, let parameters):
            parameters.isEmpty ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        case .parameter(let name): name
        case .variable: "_"
        }
    }
}

extension CELType {
    /// The type itself, or `dyn` in place of a very large one: a declared type of several parameters can grow by a multiple at every level
    /// of nesting.
    var capped: CELType {
        var room = 1_000
        return fits(&room) ? self : .dyn
    }

    private func fits(_ room: inout Int) -> Bool {
        room -= 1
        guard room > 0 else { return false }
        switch self {
        case .list(let inner), .optional(let inner), .wrapper(let inner): return inner.fits(&room)
        case .map(let key, let value): return key.fits(&room) && value.fits(&room)
        case .opaque(_, let types):
            for type in types where !type.fits(&room) { return false }
            return true
        default: return true
        }
    }

    /// True for a closed record, which is spread over slots and has no value of its own.
    var isClosedRecord: Bool {
        if case .record(let record) = self { return !record.isOpen }
        return false
    }
}
