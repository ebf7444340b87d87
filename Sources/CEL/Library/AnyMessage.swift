/// The well-known messages that a `google.protobuf.Any` can hold, read from the binary format of protocol buffers.
enum AnyMessage {
    /// Messages nested in messages; those of the well-known types nest only as `Value`s do.
    private static let depthLimit = 50

    static func unpack(_ address: String, _ content: CELValue, _ meter: inout Meter) -> CELValue {
        guard case .bytes(let bytes) = content else { return .noOverload("google.protobuf.Any", content) }
        guard meter.charge(bytes.count) else { return .budgetExceeded }
        let name = address.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        return message(name, bytes[...], depth: 0) ?? .failure(.conversion, "conversion error: google.protobuf.Any holds no known message")
    }

    private static func message(_ name: String, _ bytes: ArraySlice<UInt8>, depth: Int) -> CELValue? {
        guard depth < depthLimit, let fields = WireField.read(bytes) else { return nil }
        let value = fields.last { $0.number == 1 }?.content
        switch name {
        case "google.protobuf.Int32Value": return .int(Int64(Int32(truncatingIfNeeded: value?.bits ?? 0)))
        case "google.protobuf.Int64Value": return .int(Int64(bitPattern: value?.bits ?? 0))
        case "google.protobuf.UInt32Value": return .uint(UInt64(UInt32(truncatingIfNeeded: value?.bits ?? 0)))
        case "google.protobuf.UInt64Value": return .uint(value?.bits ?? 0)
        case "google.protobuf.FloatValue": return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: value?.bits ?? 0))))
        case "google.protobuf.DoubleValue": return .double(Double(bitPattern: value?.bits ?? 0))
        case "google.protobuf.BoolValue": return .bool(value?.bits ?? 0 != 0)
        case "google.protobuf.StringValue": return text(value?.bytes ?? [])
        case "google.protobuf.BytesValue": return .bytes(Array(value?.bytes ?? []))
        case "google.protobuf.Timestamp", "google.protobuf.Duration":
            let seconds = Int64(bitPattern: value?.bits ?? 0)
            let nanoseconds = CELValue.int(Int64(bitPattern: fields.last { $0.number == 2 }?.content.bits ?? 0))
            return name.hasSuffix("Timestamp") ? Messages.timestamp(seconds, nanoseconds) : Messages.duration(seconds, nanoseconds)
        case "google.protobuf.Value": return json(fields, depth)
        case "google.protobuf.ListValue": return list(fields, depth)
        case "google.protobuf.Struct": return map(fields, depth)
        default: return nil
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> CELValue? { String(validating: bytes, as: UTF8.self).map { .string($0) } }

    private static func json(_ fields: [WireField], _ depth: Int) -> CELValue? {
        guard let field = fields.last else { return .null }
        switch field.number {
        case 1: return .null
        case 2: return .double(Double(bitPattern: field.content.bits))
        case 3: return text(field.content.bytes)
        case 4: return .bool(field.content.bits != 0)
        case 5: return message("google.protobuf.Struct", field.content.bytes, depth: depth + 1)
        case 6: return message("google.protobuf.ListValue", field.content.bytes, depth: depth + 1)
        default: return nil
        }
    }

    private static func list(_ fields: [WireField], _ depth: Int) -> CELValue? {
        var result: [CELValue] = []
        for field in fields where field.number == 1 {
            guard let element = message("google.protobuf.Value", field.content.bytes, depth: depth + 1) else { return nil }
            result.append(element)
        }
        return .list(result)
    }

    private static func map(_ fields: [WireField], _ depth: Int) -> CELValue? {
        var entries: [(CELValue, CELValue)] = []
        for field in fields where field.number == 1 {
            guard let parts = WireField.read(field.content.bytes), let key = text(parts.last { $0.number == 1 }?.content.bytes ?? []),
                let value = message("google.protobuf.Value", parts.last { $0.number == 2 }?.content.bytes ?? [], depth: depth + 1)
            else { return nil }
            entries.append((key, value))
        }
        return .map(CELMap(entries))
    }
}

/// A field in the binary format of protocol buffers.
private struct WireField {
    enum Content {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)

        /// The number; 0 for bytes.
        var bits: UInt64 {
            if case .number(let bits) = self { return bits }
            return 0
        }

        /// The bytes; none for a number.
        var bytes: ArraySlice<UInt8> {
            if case .bytes(let bytes) = self { return bytes }
            return []
        }
    }

    var number: UInt64
    var content: Content

    /// All fields of a message, or nil when the bytes are none.
    static func read(_ bytes: ArraySlice<UInt8>) -> [WireField]? {
        var rest = bytes
        var fields: [WireField] = []
        while !rest.isEmpty {
            guard let tag = varint(&rest), tag >> 3 > 0, let content = content(tag & 7, &rest) else { return nil }
            fields.append(WireField(number: tag >> 3, content: content))
        }
        return fields
    }

    private static func content(_ kind: UInt64, _ rest: inout ArraySlice<UInt8>) -> Content? {
        switch kind {
        case 0: return varint(&rest).map { .number($0) }
        case 1: return fixed(8, &rest).map { .number($0) }
        case 5: return fixed(4, &rest).map { .number($0) }
        case 2:
            guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
            defer { rest = rest.dropFirst(Int(length)) }
            return .bytes(rest.prefix(Int(length)))
        default: return nil
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    /// A little-endian number.
    private static func fixed(_ width: Int, _ rest: inout ArraySlice<UInt8>) -> UInt64? {
        guard rest.count >= width else { return nil }
        defer { rest = rest.dropFirst(width) }
        return rest.prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
