import Downloads
import JSON
import Spool
import Uploads

/// Decisions to a service that takes OPA's decision logs.
public enum OPASink {
    public static let name = "opa"

    /// - Parameters:
    ///   - address: of the service; what is behind it is `/logs`.
    ///   - token: its bearer token.
    ///   - version: of this program.
    ///   - mask: what is left out of decisions.
    ///   - bodyBytes: the most that is sent at once, before it is compressed.
    /// - Throws: for a token that is more than one word.
    public static func make(
        _ address: WebAddress, token: String?, version: String, mask: LogMask?, bodyBytes: Int = UploadSink.bodyBytes
    ) throws(WebAddress.Invalid) -> UploadSink {
        var headers: [Uploader.Header] = []
        if let token {
            guard Download.isToken(token), let header = Uploader.Header("Authorization", "Bearer \(token)") else {
                throw WebAddress.Invalid(description: "the token holds spaces or line breaks")
            }
            headers.append(header)
        }
        let uploader = Uploader(try address.appending(path: "/logs"), headers: headers)
        return UploadSink(name: name, uploader, OPAFormat(version: version, mask: mask), bodyBytes: bodyBytes)
    }
}

/// The events of OPA's decision log (openpolicyagent.org/docs: "Decision Logs").
///
/// `result` is the whole decision, whatever part of it the caller had asked for. Decisions that came from an OPA instance are not sent on: two servers that
/// name each other would send them in a circle.
struct OPAFormat: UploadFormat {
    let version: String
    /// What is left out, as OPA has it: pointers into the event.
    private let masked: [String]

    init(version: String, mask: LogMask?) {
        self.version = version
        masked = (mask?.paths ?? []).map { path in
            path.hasPrefix("/request/") ? "/input" + path.dropFirst("/request".count) : "/result" + path.dropFirst("/decision".count)
        }
    }

    func body(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) -> [UInt8]? {
        var writer = DecisionEventWriter()
        writer.append("[")
        var isFirst = true
        for record in records where !record.isForeign {
            if !isFirst { writer.append(",") }
            isFirst = false
            append(record, stream, &writer)
        }
        if isFirst { return nil }
        writer.append("]")
        return writer.bytes
    }

    private func append(_ item: UploadRecord, _ stream: DecisionStream, _ writer: inout DecisionEventWriter) {
        let record = item.record
        func member(_ name: StaticString, _ text: String) {
            writer.append(name)
            writer.append(quoted: text)
        }
        member("{\"labels\":{\"app\":\"charter\",\"id\":", stream.description)
        member(",\"version\":", version)
        member("},\"decision_id\":", UUIDText.make(record.id.high, record.id.low))
        let trace = record.traceID
        if trace.high | trace.low != 0 {
            member(",\"trace_id\":", UUIDText.hex(trace.high) + UUIDText.hex(trace.low))
            member(",\"span_id\":", UUIDText.hex(record.spanID))
        }
        if let commit = record.commit {
            member(",\"bundles\":{\"charter\":{\"revision\":", commit)
            writer.append("}}")
        }
        member(",\"path\":", path(record.string(.path)))
        writer.append(",\"input\":")
        writer.append(record[.request])
        writer.append(",\"result\":")
        writer.append(record[.decision])
        if !record[.remote].isEmpty { member(",\"requested_by\":", record.string(.remote)) }
        member(",\"timestamp\":", EventTime.rfc3339(record.at))
        writer.append(",\"metrics\":{\"timer_server_handler_ns\":")
        writer.append(number: UInt64(record.nanoseconds))
        writer.append("}")
        if record.isMasked {
            writer.append(",\"masked\":")
            writer.append(json: JSONValue(masked))
        }
        writer.append(",\"req_id\":")
        writer.append(number: item.sequence)
        member(",\"custom\":{\"caller\":", record.string(.caller))
        if !record[.requestID].isEmpty { member(",\"request_id\":", record.string(.requestID)) }
        writer.append("}}")
    }

    /// What was asked by OPA's data API is named as OPA names it.
    private func path(_ path: String) -> String {
        for prefix in ["/v1/data/", "/v0/data/"] where path.hasPrefix(prefix) { return String(path.dropFirst(prefix.count)) }
        return path
    }
}

extension DecisionRecord {
    /// The commit of the bundle that was decided by, where the decision tells it.
    var commit: String? {
        let decision = self[.decision]
        guard let members = try? JSONSlices.members(decision), let bundle = members.first(where: { $0.name == "bundle" }),
            let value = try? JSONParser.parse(Array(decision[bundle.value]))
        else { return nil }
        return value["commit"]?.stringValue
    }
}
