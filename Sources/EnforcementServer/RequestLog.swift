import HTTPService
import JSON
import ServerLog

extension ServerLog {
    /// A line for a request that was answered: who has asked for what kind of thing, and what became of it. Never what was in it.
    func write(_ answered: AnsweredRequest) {
        var record: [(String, JSONValue)] = [
            ("method", answered.method.map { .string($0) } ?? .null), ("route", .string(answered.route)),
            ("status", .int(Int64(answered.status))),
            ("seconds", .decimal(Self.seconds(answered.seconds))),
        ]
        if let caller = answered.caller { record.append(("caller", .string(caller))) }
        if let id = answered.requestID { record.append(("requestId", .string(id))) }
        write(record: record, logger: "charter.access")
    }

    /// To the microsecond.
    private static func seconds(_ seconds: Double) -> String {
        let microseconds = Int64((seconds * 1e6).rounded())
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
    }
}
