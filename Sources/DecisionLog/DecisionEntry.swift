/// A decision that is to be logged. Everything in it is read before `DecisionLog.append` returns.
public struct DecisionEntry {
    /// A rule that took effect.
    public struct Hit {
        /// What it did.
        public enum Outcome: UInt8, Sendable {
            case denied, warned, recorded
        }

        public var outcome: Outcome
        public var policy: UnsafeRawBufferPointer
        public var rule: UnsafeRawBufferPointer
        public var severity: UnsafeRawBufferPointer

        public init(
            outcome: Outcome, policy: UnsafeRawBufferPointer, rule: UnsafeRawBufferPointer, severity: UnsafeRawBufferPointer
        ) {
            self.outcome = outcome
            self.policy = policy
            self.rule = rule
            self.severity = severity
        }
    }

    /// Nanoseconds since 1970.
    public var at: Int64
    /// A UUID, in the order of its digits.
    public var id: (high: UInt64, low: UInt64)
    public var isAllowed: Bool
    /// How long it took.
    public var nanoseconds: UInt32 = 0
    /// W3C Trace Context; zero where there is none.
    public var traceID: (high: UInt64, low: UInt64) = (0, 0)
    public var spanID: UInt64 = 0
    /// Whether the caller records its trace.
    public var isTraceSampled = false
    public var subjectType = Self.nothing
    public var subjectID = Self.nothing
    public var action = Self.nothing
    public var resourceType = Self.nothing
    public var resourceID = Self.nothing
    /// Who has asked, as `type/name`.
    public var caller = ""
    /// The path that was asked.
    public var path = ""
    public var requestID = ""
    /// The address the request came from.
    public var remote = ""
    /// JSON.
    public var request = Self.nothing
    /// JSON, as `POST /v1/decisions` answers.
    public var decision = Self.nothing
    public var hits: [Hit] = []
    /// Whether something was left out of the request or the decision before.
    public var isMasked = false

    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    public init(at: Int64, id: (high: UInt64, low: UInt64), isAllowed: Bool) {
        self.at = at
        self.id = id
        self.isAllowed = isAllowed
    }
}
