import PolicyEngine

/// Decides for every protocol: one bundle from beginning to end, counted, each decision with an id.
public final class DecisionService: Sendable {
    let store: BundleStore
    let metrics: ServerMetrics

    init(store: BundleStore, metrics: ServerMetrics) {
        self.store = store
        self.metrics = metrics
    }

    /// Whence a request came.
    struct Call {
        var caller: Caller
        /// The path it was sent to.
        var path: StaticString
        /// The client's `X-Request-ID`.
        var requestID: String?
    }

    /// A decision, for as long as its answer is being written.
    struct Decided {
        var id: String
        var isAllowed: Bool
        /// The decision in the native form.
        var json: UnsafeRawBufferPointer
        var session: DecisionSession
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
        try entry.sessions.withSession { session throws(RequestError) in
            let now = WallClock.now()
            do throws(RequestError) {
                try session.decode(request, now: now)
            } catch {
                metrics.badRequests.increment()
                throw error
            }
            let isAllowed = session.decide()
            (isAllowed ? metrics.allowed : metrics.denied).increment()
            let id = DecisionID.make(now: now)
            return answer(Decided(id: id, isAllowed: isAllowed, json: session.json(id: id), session: session))
        }
    }
}
