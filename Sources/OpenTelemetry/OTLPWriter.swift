import JSON

/// Writes the JSON form of OTLP/HTTP: names in lowerCamelCase, ids in hexadecimal, integers of 64 bits as strings.
struct OTLPWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes += $0 } }

    mutating func append(quoted text: String) { bytes += JSONWriter.quote(text).utf8 }

    mutating func append(quoted number: some FixedWidthInteger) {
        append("\"")
        bytes += String(number).utf8
        append("\"")
    }

    mutating func append(plain number: some FixedWidthInteger) { bytes += String(number).utf8 }

    /// What JSON has no number for is a string (ProtoJSON).
    mutating func append(_ number: Double) {
        if number.isNaN { return append("\"NaN\"") }
        if number.isInfinite { return number < 0 ? append("\"-Infinity\"") : append("\"Infinity\"") }
        bytes += String(number).utf8
    }

    mutating func append(hex word: UInt64) {
        for digit in 0..<16 {
            let value = UInt8(truncatingIfNeeded: word >> (60 - UInt64(digit) * 4)) & 15
            bytes.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }

    mutating func append(_ id: TraceID) {
        append("\"")
        append(hex: id.high)
        append(hex: id.low)
        append("\"")
    }

    mutating func append(spanID: UInt64) {
        append("\"")
        append(hex: spanID)
        append("\"")
    }

    mutating func list<Element>(_ elements: some Sequence<Element>, _ element: (inout OTLPWriter, Element) -> Void) {
        append("[")
        var isFirst = true
        for item in elements {
            if !isFirst { append(",") }
            isFirst = false
            element(&self, item)
        }
        append("]")
    }

    mutating func append(_ attributes: [TelemetryAttribute]) {
        list(attributes) { writer, attribute in
            writer.append("{\"key\":")
            writer.append(quoted: attribute.name)
            writer.append(",\"value\":")
            switch attribute.value {
            case .string(let text):
                writer.append("{\"stringValue\":")
                writer.append(quoted: text)
            case .bool(let flag): flag ? writer.append("{\"boolValue\":true") : writer.append("{\"boolValue\":false")
            case .int(let number):
                writer.append("{\"intValue\":")
                writer.append(quoted: number)
            case .strings(let texts):
                writer.append("{\"arrayValue\":{\"values\":")
                writer.list(texts) { writer, text in
                    writer.append("{\"stringValue\":")
                    writer.append(quoted: text)
                    writer.append("}")
                }
                writer.append("}")
            }
            writer.append("}}")
        }
    }

    /// A request to export: one resource, one scope, and in it `items`.
    static func export(
        _ source: TelemetrySource, resources: StaticString, scopes: StaticString, items: StaticString, _ write: (inout OTLPWriter) -> Void
    ) -> [UInt8] {
        var writer = OTLPWriter()
        writer.append("{\"")
        writer.append(resources)
        writer.append("\":[{\"resource\":{\"attributes\":")
        writer.append(source.resource)
        writer.append("},\"")
        writer.append(scopes)
        writer.append("\":[{\"scope\":{\"name\":")
        writer.append(quoted: source.scope)
        writer.append(",\"version\":")
        writer.append(quoted: source.version)
        writer.append("},\"")
        writer.append(items)
        writer.append("\":")
        write(&writer)
        writer.append("}]}]}")
        return writer.bytes
    }
}
