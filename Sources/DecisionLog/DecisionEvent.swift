import JSON

/// Writes decisions as JSON, one object each: for files and for whoever asks.
struct DecisionEventWriter {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes += $0 } }

    mutating func append(_ raw: UnsafeRawBufferPointer) { bytes += raw }

    mutating func append(quoted text: String) { bytes += JSONWriter.quote(text).utf8 }

    mutating func append(json value: JSONValue) { bytes += JSONWriter.bytes(value) }

    mutating func append(number: UInt64) { bytes += String(number).utf8 }

    private mutating func member(_ name: StaticString, _ text: String) {
        append(name)
        append(quoted: text)
    }

    /// One event, on one line.
    mutating func append(_ record: DecisionRecord, _ sequence: UInt64, _ stream: DecisionStream) {
        member("{\"time\":", EventTime.rfc3339(record.at))
        member(",\"id\":", UUIDText.make(record.id.high, record.id.low))
        member(",\"stream\":", stream.description)
        append(",\"sequence\":")
        bytes += String(sequence).utf8
        member(",\"path\":", record.string(.path))
        member(",\"caller\":", record.string(.caller))
        for (name, text) in [(",\"requestId\":", .requestID), (",\"remote\":", .remote)] as [(StaticString, DecisionRecord.Text)]
        where !record[text].isEmpty { member(name, record.string(text)) }
        let trace = record.traceID
        if trace.high | trace.low != 0 {
            member(",\"traceId\":", UUIDText.hex(trace.high) + UUIDText.hex(trace.low))
            member(",\"spanId\":", UUIDText.hex(record.spanID))
        }
        append(",\"nanoseconds\":")
        bytes += String(record.nanoseconds).utf8
        if record.isMasked { append(",\"masked\":true") }
        append(",\"request\":")
        appendOneLine(record[.request])
        append(",\"decision\":")
        append(record[.decision])
        append("}\n")
    }

    /// A request may have been sent with line breaks between its members; inside its texts there are none.
    private mutating func appendOneLine(_ json: UnsafeRawBufferPointer) {
        guard json.contains(where: { $0 == 0x0a || $0 == 0x0d }) else { return append(json) }
        for byte in json { bytes.append(byte == 0x0a || byte == 0x0d ? 0x20 : byte) }
    }
}
