import DecisionLog
import HTTPService
import JSON
import PolicyEngine

/// Decides for every protocol: one bundle from beginning to end, counted, logged, each decision with an id.
public final class DecisionService: Sendable {
    let store: BundleStore
    let metrics: ServerMetrics
    let log: DecisionLog?
    let shadow: ShadowComparison?

    init(store: BundleStore, metrics: ServerMetrics, log: DecisionLog?, shadow: ShadowComparison? = nil) {
        self.store = store
        self.metrics = metrics
        self.log = log
        self.shadow = shadow
    }

    /// Whence a request came.
    struct Call {
        var caller: Caller
        /// The path it was sent to.
        var path: String
        /// The client's `X-Request-ID`; empty without.
        var requestID = ""
        var trace: TraceContext?
        /// The other end of the connection.
        var remote = ""

        init(caller: Caller, path: String) {
            self.caller = caller
            self.path = path
        }

        init(_ request: HTTPRequest, _ caller: Caller, path: String) {
            self.init(caller: caller, path: path)
            requestID = request.requestID ?? ""
            trace = request.header("traceparent").flatMap { TraceContext($0) }
            remote = request.remoteIP ?? ""
        }
    }

    /// A decision, for as long as its answer is being written.
    struct Decided {
        var id: DecisionID
        var isAllowed: Bool
        var session: DecisionSession
        /// The id's letters.
        let text: UnsafeRawBufferPointer
        /// The decision in the native form, if it was written already.
        fileprivate let written: UnsafeRawBufferPointer?

        /// The decision in the native form: until the session writes another.
        var json: UnsafeRawBufferPointer { written ?? session.json(id: text) }
    }

    /// Decides one request.
    ///
    /// - Parameters:
    ///   - entry: the bundle: taken once for all that belongs together.
    ///   - answer: what is made of the decision, which does not outlive it.
    /// - Throws: `RequestError` if the request cannot be read; it is counted.
    func decide<Answer>(
        _ request: UnsafeRawBufferPointer, by entry: BundleStore.Entry, _ call: Call, answer: (Decided) -> Answer
    ) throws(RequestError) -> Answer {
        do throws(RequestError) {
            return try entry.sessions.withSession { session throws(RequestError) in try decide(request, session, call, answer) }
        } catch {
            metrics.badRequests.increment()
            throw error
        }
    }

    /// The same with a session that was taken before. Whoever asks counts what cannot be read.
    func decide<Answer>(
        _ request: UnsafeRawBufferPointer, _ session: DecisionSession, _ call: Call, _ answer: (Decided) -> Answer
    ) throws(RequestError) -> Answer {
        let (now, start) = begin()
        try session.decode(request, now: now)
        return finish(request, session, call, now: now, start: start, answer)
    }

    /// The same with a request of the list that the session has read from `text`.
    func decide<Answer>(
        _ request: DecisionSession.ListedRequest, of text: UnsafeRawBufferPointer, _ session: DecisionSession, _ call: Call,
        _ answer: (Decided) -> Answer
    ) throws(RequestError) -> Answer {
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        // INVARIANT: what is an object was read as JSON, so that it has an end; what is none is refused.
        if log != nil || shadow != nil, let end = try? JSONSlices.end(ofValueAt: request.start, in: text) {
            bytes = UnsafeRawBufferPointer(rebasing: text[request.start..<end])
        }
        let (now, start) = begin()
        try session.decode(request, now: now)
        return finish(bytes, session, call, now: now, start: start, answer)
    }

    private func begin() -> (now: Int64, start: Int64) { (WallClock.now(), log == nil ? 0 : WallClock.steady()) }

    /// - Parameter request: its bytes; nothing, where neither a log nor a shadow bundle wants them.
    private func finish<Answer>(
        _ request: UnsafeRawBufferPointer, _ session: DecisionSession, _ call: Call, now: Int64, start: Int64, _ answer: (Decided) -> Answer
    ) -> Answer {
        let isAllowed = session.decide()
        (isAllowed ? metrics.allowed : metrics.denied).increment()
        shadow?.compare(request, now: now, session.engine)
        let id = DecisionID(now: now)
        return id.withText { text in
            // Who logs nothing and answers in another form needs no text of it.
            let written = log == nil ? nil : session.json(id: text)
            let decided = Decided(id: id, isAllowed: isAllowed, session: session, text: text, written: written)
            if let log { Self.append(decided, request, call, at: now, took: WallClock.steady() - start, to: log) }
            return answer(decided)
        }
    }

    private static func append(
        _ decided: Decided, _ request: UnsafeRawBufferPointer, _ call: Call, at now: Int64, took: Int64, to log: DecisionLog
    ) {
        var entry = DecisionEntry(at: now, id: (decided.id.high, decided.id.low), isAllowed: decided.isAllowed)
        let names = decided.session.names
        entry.nanoseconds = UInt32(clamping: took)
        entry.subjectType = names.subjectType
        entry.subjectID = names.subjectID
        entry.action = names.action
        entry.resourceType = names.resourceType
        entry.resourceID = names.resourceID
        entry.caller = call.caller.text
        entry.path = call.path
        entry.requestID = call.requestID
        entry.remote = call.remote
        entry.request = request
        entry.decision = decided.json
        if let trace = call.trace {
            entry.traceID = trace.traceID
            entry.spanID = trace.spanID
            entry.isTraceSampled = trace.isSampled
        }
        for rule in decided.session.takenRules {
            let outcome: DecisionEntry.Hit.Outcome =
                switch rule.list {
                case .reasons: .denied
                case .warnings: .warned
                case .records: .recorded
                }
            entry.hits.append(.init(outcome: outcome, policy: rule.policy, rule: rule.rule, severity: rule.severity))
        }
        log.append(entry)
    }
}
