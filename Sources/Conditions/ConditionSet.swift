import JSON

/// The conditions of one thing, each with the time of its last flip.
public struct ConditionSet: Sendable, Equatable {
    /// What is found now; whether that is a flip, the set knows.
    public struct Finding: Sendable, Equatable {
        public var type: String
        public var status: Condition.Status
        public var reason: String
        public var message: String

        public init(_ type: String, _ status: Condition.Status, _ reason: String, _ message: String) {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
        }
    }

    public private(set) var all: [Condition] = []

    public init() {}

    /// What an earlier run left behind: its times go on to count where nothing has flipped since.
    public init(json: JSONValue) { all = (json.arrayValue ?? []).compactMap(Condition.init(json:)) }

    public subscript(type: String) -> Condition? { all.first { $0.type == type } }

    /// Takes note of what is found.
    ///
    /// - Parameters:
    ///   - generation: what the findings are about; a condition's never goes back.
    ///   - time: RFC 3339, for conditions whose status flips.
    /// - Returns: the conditions whose status or reason is another now, with what they were.
    @discardableResult
    public mutating func update(
        _ findings: [Finding], generation: Int64, at time: String
    ) -> [(old: Condition?, new: Condition)] {
        var changed: [(old: Condition?, new: Condition)] = []
        for finding in findings {
            let place = all.firstIndex { $0.type == finding.type }
            let old = place.map { all[$0] }
            let new = Condition(
                type: finding.type, status: finding.status, reason: finding.reason, message: finding.message,
                observedGeneration: max(generation, old?.observedGeneration ?? 0),
                lastTransitionTime: old.flatMap { $0.status == finding.status ? $0.lastTransitionTime : nil } ?? time)
            if let place { all[place] = new } else { all.append(new) }
            if old?.status != new.status || old?.reason != new.reason { changed.append((old, new)) }
        }
        return changed
    }

    public var json: JSONValue { .array(all.map(\.json)) }
}
