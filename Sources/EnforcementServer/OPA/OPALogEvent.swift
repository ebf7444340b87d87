import DecisionLog
import JSON
import PolicyEngine

/// An event of OPA's decision log, read as a decision of ours.
struct OPALogEvent {
    /// Between whose ends the time of an event may be, in nanoseconds before and after now: the database has a partition for each day of it.
    static let oldest: Int64 = 31 * 86_400_000_000_000
    static let newest: Int64 = 86_400_000_000_000
    /// Bytes of an event.
    static let largest = 1 << 20

    private let bytes: UnsafeRawBufferPointer
    private let members: [JSONSlices.Member]
    private let pointer: String

    /// - Parameters:
    ///   - bytes: valid JSON.
    ///   - number: its place in the array.
    private init(_ bytes: UnsafeRawBufferPointer, number: Int) throws(RequestError) {
        pointer = "/\(number)"
        guard bytes.count <= Self.largest else { throw RequestError(pointer, "has more than \(Self.largest) bytes") }
        if let kind = JSONSlices.kind(bytes), kind != .object { throw RequestError(pointer, "must be an object, found \(kind.name)") }
        self.bytes = bytes
        do throws(JSONSyntaxError) {
            members = try JSONSlices.members(bytes)
        } catch {
            throw RequestError(pointer, "cannot be read: \(error)")
        }
    }

    /// - Parameters:
    ///   - caller: who hands it in.
    ///   - now: nanoseconds since 1970.
    static func decision(
        _ bytes: UnsafeRawBufferPointer, number: Int, caller: String, now: Int64
    ) throws(RequestError) -> ForeignDecision {
        let event = try OPALogEvent(bytes, number: number)
        let result = try event.value("result")
        var decision = ForeignDecision(
            at: try event.time(now: now), id: try event.id(), isAllowed: event.raw("error") == nil && OPALogResult.allows(result))
        decision.caller = caller
        decision.path = try event.text("path") ?? ""
        decision.remote = try event.text("requested_by") ?? ""
        try event.readTrace(&decision)
        try event.readMetrics(&decision)
        try event.readCustom(&decision)
        decision.isMasked = event.raw("masked") != nil || event.raw("erased") != nil
        decision.request = event.raw("input").map(Array.init) ?? Array("null".utf8)
        decision.decision = event.decisionJSON(result, isAllowed: decision.isAllowed)
        OPALogResult.readSubject(try event.value("input"), &decision)
        decision.hits = OPALogResult.hits(result)
        return decision
    }

    // MARK: Members

    private func raw(_ name: String) -> UnsafeRawBufferPointer? {
        guard let member = members.first(where: { $0.name == name }) else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: bytes[member.value])
        return JSONSlices.kind(value) == .null ? nil : value
    }

    private func fault(_ name: String, _ what: String) -> RequestError { RequestError("\(pointer)/\(name)", what) }

    private func value(_ name: String) throws(RequestError) -> JSONValue? {
        guard let raw = raw(name) else { return nil }
        do throws(JSONSyntaxError) {
            return try JSONParser.parse(Array(raw))
        } catch {
            throw fault(name, "cannot be read: \(error)")
        }
    }

    private func text(_ name: String) throws(RequestError) -> String? {
        guard let value = try value(name) else { return nil }
        guard let text = value.stringValue else { throw fault(name, "must be a string, found \(value.kindName)") }
        guard text.utf8.count <= 4_096 else { throw fault(name, "has more than 4096 bytes") }
        return text
    }

    private func id() throws(RequestError) -> (high: UInt64, low: UInt64) {
        guard let text = try text("decision_id") else { throw fault("decision_id", "is missing") }
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        guard text.utf8.count == 36, let id = OPALogHex.words(digits, 2) else { throw fault("decision_id", "must be a UUID") }
        return (id[0], id[1])
    }

    private func time(now: Int64) throws(RequestError) -> Int64 {
        guard let text = try text("timestamp") else { throw fault("timestamp", "is missing") }
        guard let time = TimeText.nanoseconds(text) else {
            throw fault("timestamp", "must be a time like `2026-01-31T12:00:00.123456Z` (RFC 3339)")
        }
        guard time >= now - Self.oldest, time <= now + Self.newest else {
            throw fault("timestamp", "must be of the last 31 days, and not more than a day ahead of this server's clock")
        }
        return time
    }

    private func readTrace(_ decision: inout ForeignDecision) throws(RequestError) {
        guard let trace = try text("trace_id"), !trace.isEmpty else { return }
        guard let words = OPALogHex.words(trace.utf8, 2) else { throw fault("trace_id", "must be 32 hexadecimal digits") }
        decision.traceID = (words[0], words[1])
        guard let span = try text("span_id"), !span.isEmpty else { return }
        guard let word = OPALogHex.words(span.utf8, 1) else { throw fault("span_id", "must be 16 hexadecimal digits") }
        decision.spanID = word[0]
    }

    private func readMetrics(_ decision: inout ForeignDecision) throws(RequestError) {
        guard let metrics = try value("metrics") else { return }
        guard metrics.objectValue != nil else { throw fault("metrics", "must be an object, found \(metrics.kindName)") }
        if let time = metrics["timer_server_handler_ns"]?.intValue { decision.nanoseconds = UInt32(clamping: time) }
    }

    private func readCustom(_ decision: inout ForeignDecision) throws(RequestError) {
        if let id = try value("custom")?["request_id"]?.stringValue, id.utf8.count <= 128 { decision.requestID = id }
    }

    /// A decision of another Charter is kept as it is; around any other result goes what is known of it.
    private func decisionJSON(_ result: JSONValue?, isAllowed: Bool) -> [UInt8] {
        if let raw = raw("result"), OPALogResult.isNative(result) { return Array(raw) }
        var out = Array((isAllowed ? #"{"decision":true"# : #"{"decision":false"#).utf8)
        for name in ["result", "error", "labels", "bundles", "query"] {
            guard let raw = raw(name) else { continue }
            out += ",\"\(name)\":".utf8
            out += raw
        }
        out += "}".utf8
        return out
    }
}

/// What results and inputs say where they are of our shape.
private enum OPALogResult {
    /// `true`, or an object of which `allow`, `allowed` or `decision` is; all else does not allow.
    static func allows(_ result: JSONValue?) -> Bool {
        guard let object = result?.objectValue else { return result?.boolValue == true }
        let answers = ["allow", "allowed", "decision"].compactMap { object[$0] }
        return !answers.isEmpty && answers.allSatisfy { $0.boolValue == true }
    }

    static func isNative(_ result: JSONValue?) -> Bool {
        result?["decision"]?.boolValue != nil && result?["reasons"]?.arrayValue != nil && result?["bundle"]?.objectValue != nil
    }

    static func readSubject(_ input: JSONValue?, _ decision: inout ForeignDecision) {
        func text(_ value: JSONValue?) -> String {
            guard let text = value?.stringValue, text.utf8.count <= 1_024 else { return "" }
            return text
        }
        decision.subjectType = text(input?["subject"]?["type"])
        decision.subjectID = text(input?["subject"]?["id"])
        decision.action = text(input?["action"]?["name"])
        decision.resourceType = text(input?["resource"]?["type"])
        decision.resourceID = text(input?["resource"]?["id"])
    }

    static func hits(_ result: JSONValue?) -> [DecisionRecord.Hit] {
        guard isNative(result) else { return [] }
        let lists: [(String, DecisionEntry.Hit.Outcome)] = [("reasons", .denied), ("warnings", .warned), ("records", .recorded)]
        return lists.flatMap { name, outcome in
            (result?[name]?.arrayValue ?? []).compactMap { reason in
                guard let policy = reason["policy"]?.stringValue, let rule = reason["rule"]?.stringValue else { return nil }
                return .init(outcome: outcome, policy: policy, rule: rule, severity: reason["severity"]?.stringValue ?? "")
            }
        }
    }
}

private enum OPALogHex {
    /// So many numbers of sixteen digits each.
    static func words(_ digits: some Collection<UInt8>, _ count: Int) -> [UInt64]? {
        guard digits.count == count * 16 else { return nil }
        var words: [UInt64] = []
        var rest = Substring(String(decoding: digits, as: UTF8.self))
        for _ in 0..<count {
            // `UInt64` takes a sign as well.
            guard rest.first != "+", let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(16)
        }
        return words
    }
}
