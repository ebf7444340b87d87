/// A decision that was made elsewhere and handed in.
public struct ForeignDecision: Sendable {
    /// What the paths of such decisions begin with.
    public static let pathPrefix = "opa:"

    /// Nanoseconds since 1970, by the clock of whoever decided.
    public var at: Int64
    /// A UUID, in the order of its digits.
    public var id: (high: UInt64, low: UInt64)
    public var isAllowed: Bool
    public var nanoseconds: UInt32 = 0
    public var traceID: (high: UInt64, low: UInt64) = (0, 0)
    public var spanID: UInt64 = 0
    public var isMasked = false
    public var subjectType = ""
    public var subjectID = ""
    public var action = ""
    public var resourceType = ""
    public var resourceID = ""
    /// Who has handed it in, as `type/name`.
    public var caller = ""
    /// What was asked there, without the prefix.
    public var path = ""
    public var requestID = ""
    /// The address from which it was asked.
    public var remote = ""
    /// JSON.
    public var request: [UInt8] = []
    /// JSON.
    public var decision: [UInt8] = []
    public var hits: [DecisionRecord.Hit] = []

    public init(at: Int64, id: (high: UInt64, low: UInt64), isAllowed: Bool) {
        self.at = at
        self.id = id
        self.isAllowed = isAllowed
    }
}

extension DecisionLog {
    /// Logs a decision that was made elsewhere, as its own are: unless it is sampled out, and without what is masked.
    public func append(_ foreign: ForeignDecision) {
        // All texts one behind the other, so that they stay where they are while the record is written.
        var texts = [foreign.subjectType, foreign.subjectID, foreign.action, foreign.resourceType, foreign.resourceID].map {
            Array($0.utf8)
        }
        texts += [foreign.request, foreign.decision]
        for hit in foreign.hits { texts += [hit.policy, hit.rule, hit.severity].map { Array($0.utf8) } }
        var bytes: [UInt8] = []
        let ranges = texts.map { text in
            let start = bytes.count
            bytes += text
            return start..<bytes.count
        }
        bytes.withUnsafeBytes { bytes in
            let slices = ranges.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            var entry = DecisionEntry(at: foreign.at, id: foreign.id, isAllowed: foreign.isAllowed)
            entry.nanoseconds = foreign.nanoseconds
            entry.traceID = foreign.traceID
            entry.spanID = foreign.spanID
            entry.isMasked = foreign.isMasked
            (entry.subjectType, entry.subjectID, entry.action) = (slices[0], slices[1], slices[2])
            (entry.resourceType, entry.resourceID, entry.request, entry.decision) = (slices[3], slices[4], slices[5], slices[6])
            entry.caller = foreign.caller
            entry.path = ForeignDecision.pathPrefix + foreign.path
            entry.requestID = foreign.requestID
            entry.remote = foreign.remote
            entry.hits = foreign.hits.enumerated().map { number, hit in
                .init(outcome: hit.outcome, policy: slices[7 + number * 3], rule: slices[8 + number * 3], severity: slices[9 + number * 3])
            }
            append(entry)
        }
    }
}
