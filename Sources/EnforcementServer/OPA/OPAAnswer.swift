import HTTPService
import JSON
import NIOCore

/// The answer of `/v1/data`, with what a client has asked for beside the result.
struct OPAAnswer {
    /// Text of a JSON value; nil where the document is undefined.
    var result: [UInt8]?
    /// The decision's id; nil where nothing was decided.
    var id: String?
    var warning: String?

    private let isPretty: Bool
    private let hasMetrics: Bool
    private let hasProvenance: Bool
    private let start = NIODeadline.now()
    private var parseEnd = NIODeadline.now()
    private var evaluationEnd = NIODeadline.now()

    init(_ request: HTTPRequest) {
        isPretty = request.isSet("pretty")
        // Instrumentation is, in OPA, more of the same; there is no query here that could be looked into.
        hasMetrics = request.isSet("metrics") || request.isSet("instrument")
        hasProvenance = request.isSet("provenance")
    }

    /// The input has been read.
    mutating func parsed() { parseEnd = .now() }
    /// The document has been found.
    mutating func evaluated() { evaluationEnd = .now() }

    func response(_ entry: BundleStore.Entry) -> HTTPResponse {
        var text: [UInt8] = []
        func add(_ name: String, _ value: [UInt8]) {
            text += Array("\(text.isEmpty ? "{" : ",")\"\(name)\":".utf8)
            text += value
        }
        if let id { add("decision_id", JSONWriter.bytes(.string(id))) }
        if hasMetrics { add("metrics", JSONWriter.bytes(metrics)) }
        if hasProvenance { add("provenance", JSONWriter.bytes(Self.provenance(entry))) }
        if let result { add("result", result) }
        if let warning {
            add("warning", JSONWriter.bytes(["code": "api_usage_warning", "message": .string(warning)]))
        }
        text += Array((text.isEmpty ? "{}" : "}").utf8)
        return .json(Self.styled(text, isPretty: isPretty))
    }

    private var metrics: JSONValue {
        [
            "timer_rego_input_parse_ns": .int((parseEnd - start).nanoseconds),
            "timer_rego_query_eval_ns": .int((evaluationEnd - parseEnd).nanoseconds),
            "timer_server_handler_ns": .int((NIODeadline.now() - start).nanoseconds),
        ]
    }

    private static func provenance(_ entry: BundleStore.Entry) -> JSONValue {
        let bundle = entry.engine.bundle
        return [
            "version": .string(bundle.meta(.compiler)), "build_commit": "", "build_timestamp": "", "build_host": "",
            "bundles": ["charter": ["revision": .string(entry.engine.commit), "digest": .string("sha256:\(entry.engine.digest)")]],
        ]
    }

    static func styled(_ text: [UInt8], isPretty: Bool) -> [UInt8] {
        // What we have written ourselves can be parsed.
        guard isPretty, let value = try? JSONParser.parse(text) else { return text }
        return JSONWriter.bytes(value, style: .pretty) + [UInt8(ascii: "\n")]
    }
}
