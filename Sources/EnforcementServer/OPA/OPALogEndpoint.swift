import DecisionLog
import HTTPService
import JSON
import NIOCore
import NIOHTTP1
import PolicyEngine

/// OPA's decision log service: what OPA instances have decided is logged as our own decisions are.
extension APIRoutes {
    /// - Parameter log: `nil` where no decisions are logged.
    mutating func addOPALogs(_ log: DecisionLog?, _ registry: MetricsRegistry, _ intake: BodyIntake) throws(MetricsError) {
        let taken = try registry.counter(
            "charter_opa_log_decisions_total", help: "Decisions that were handed in by OPA's decision log API."
        ).labels()
        on(.POST, "/logs", .writeDecisions) { request, caller in
            guard let log else { return .ready(OPALogEndpoint.noLog) }
            let endpoint = OPALogEndpoint(log: log, taken: taken)
            let encoding = request.header("Content-Encoding")?.lowercased() ?? "identity"
            // Taking a large body apart would hold up decisions.
            guard !["", "identity"].contains(encoding) else {
                return intake.work.run(refuse: OPAError.refusal) { endpoint.answer(request, caller) }
            }
            return intake.take(request, refuse: OPAError.refusal) { endpoint.answer($0, caller) }
        }
    }
}

/// `POST /logs`.
struct OPALogEndpoint: Sendable {
    /// Events of a body.
    static let most = 50_000

    let log: DecisionLog
    let taken: Counter

    static let noLog = OPAError.response(
        .notImplemented, .invalidOperation,
        "no decisions are logged here, so none can be handed in: start the server with a database, --decision-log or another log")

    func answer(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        request.body.withUnsafeReadableBytes { body in
            do throws(RequestError) {
                // Whole or not at all: what is wrong with the last event is found before the first is logged.
                let decisions = try Self.decisions(body, caller)
                for decision in decisions { log.append(decision) }
                taken.increment(by: UInt64(decisions.count))
                return EnforcementServer.json([:])
            } catch {
                let place = error.pointer.isEmpty ? "the body" : "`\(error.pointer)` of the body"
                return OPAError.response(
                    .badRequest, .invalidParameter, "\(place) \(error.detail); nothing of it was taken",
                    errors: [["code": "invalid_event", "message": .string(error.detail), "pointer": .string(error.pointer)]])
            }
        }
    }

    private static func decisions(_ body: UnsafeRawBufferPointer, _ caller: Caller) throws(RequestError) -> [ForeignDecision] {
        try RequestSlices.check(body)
        if let kind = JSONSlices.kind(body), kind != .array {
            throw RequestError("", "must be an array of events, found \(kind.name)")
        }
        let events: [Range<Int>]
        do throws(JSONSyntaxError) {
            events = try JSONSlices.elements(body, upTo: most + 1)
        } catch {
            throw RequestError("", "cannot be read: \(error)")
        }
        guard events.count <= most else { throw RequestError("", "must not have more than \(most) events") }
        let now = WallClock.now()
        var decisions: [ForeignDecision] = []
        decisions.reserveCapacity(events.count)
        for (number, range) in events.enumerated() {
            decisions.append(
                try OPALogEvent.decision(UnsafeRawBufferPointer(rebasing: body[range]), number: number, caller: caller.text, now: now))
        }
        return decisions
    }
}
