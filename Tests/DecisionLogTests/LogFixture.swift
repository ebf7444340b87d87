import DecisionLog
import Foundation
import Spool

/// Decisions made up for tests.
enum LogFixture {
    struct Decision {
        var number: Int
        var isAllowed = true
        var subject = "ada"
        var policies: [String] = []
        var at: Int64 = 1_790_000_000_000_000_000
        var context = ""
        /// Made from the number without.
        var id: (high: UInt64, low: UInt64)?
        var hasTrace = true
        var isTraceSampled = false
    }

    static func append(_ decision: Decision, to log: DecisionLog) {
        let texts = ["user", decision.subject, "llm.chat", "model", "p/m"].map { Array($0.utf8) }
        let request = Array(
            #"{"subject":{"type":"user","id":"x"},"context":{"prompt":"\#(decision.context)","n":\#(decision.number)}}"#.utf8)
        let answer = Array(#"{"id":"x","decision":\#(decision.isAllowed)}"#.utf8)
        let policies = decision.policies.map { Array($0.utf8) }
        var entry = DecisionEntry(
            at: decision.at + Int64(decision.number),
            id: decision.id ?? (UInt64(decision.number) << 16 | 0x7000, 1 << 63 | UInt64(decision.number)), isAllowed: decision.isAllowed)
        entry.caller = "service-account/gateway"
        entry.path = "/v1/decisions"
        if decision.hasTrace { (entry.traceID, entry.spanID) = ((1, 2), 3) }
        entry.isTraceSampled = decision.isTraceSampled
        nest(texts + [request, answer] + policies) { bytes in
            entry.subjectType = bytes[0]
            entry.subjectID = bytes[1]
            entry.action = bytes[2]
            entry.resourceType = bytes[3]
            entry.resourceID = bytes[4]
            entry.request = bytes[5]
            entry.decision = bytes[6]
            entry.hits = bytes.dropFirst(7).map {
                .init(outcome: decision.isAllowed ? .warned : .denied, policy: $0, rule: $0, severity: bytes[3])
            }
            log.append(entry)
        }
    }

    private static func nest(_ arrays: [[UInt8]], _ bytes: [UnsafeRawBufferPointer] = [], _ body: ([UnsafeRawBufferPointer]) -> Void) {
        guard let first = arrays.first else { return body(bytes) }
        first.withUnsafeBytes { nest(Array(arrays.dropFirst()), bytes + [$0], body) }
    }
}
