import Synchronization

/// Sessions of one engine that no thread is using.
public final class DecisionSessionPool: Sendable {
    private let engine: PolicyEngine
    private let idle = Mutex<[Idle]>([])

    /// INVARIANT: whoever takes a session out of the list is the only one to have it until it is put back.
    private struct Idle: @unchecked Sendable { var session: DecisionSession }

    public init(_ engine: PolicyEngine) { self.engine = engine }

    /// Makes sessions before they are asked for.
    public func prepare(_ count: Int) {
        let made = (0..<count).map { _ in Idle(session: DecisionSession(engine)) }
        idle.withLock { $0 += made }
    }

    /// Runs `body` with a session that it has to itself.
    public func withSession<Value, Failure: Error>(_ body: (DecisionSession) throws(Failure) -> Value) throws(Failure) -> Value {
        let taken = idle.withLock { $0.popLast() } ?? Idle(session: DecisionSession(engine))
        defer { idle.withLock { $0.append(taken) } }
        return try body(taken.session)
    }
}
