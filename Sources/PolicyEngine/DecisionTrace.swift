import CEL
import PolicyBundle

/// What was tried on the way to decisions: a bit for each policy, rule and permission, and for each predicate of a condition which ways it went.
///
/// A session records while it has one, adding to what is there: the bits of one decision explain it, those of many tell what was ever tried.
/// Conditions that come to the same program share the bits of their predicates. Belongs to one thread at a time.
public final class DecisionTrace {
    /// What is known of a rule.
    public struct RuleBits: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let held = RuleBits(rawValue: 1)
        public static let failed = RuleBits(rawValue: 2)
        public static let erred = RuleBits(rawValue: 4)
    }

    // INVARIANT: as many as the bundle has policies, rules, permissions and spans; reached by pointer as in `DecisionSession`.
    let policies: UnsafeMutablePointer<Bool>
    let rules: UnsafeMutablePointer<UInt8>
    /// Of permissions with a condition; others are looked up in bitmaps that do not say which of them it was.
    let permissions: UnsafeMutablePointer<UInt8>
    /// `GraphTrace` bits by row of `span`.
    let nodes: UnsafeMutablePointer<UInt8>
    /// For each condition with a decision table, by row of `prog`: a bit for each combination that its predicates came to together. What they say
    /// of the nodes is found out when it is asked for.
    let combinations: UnsafeMutablePointer<UInt32>
    let counts: (policies: Int, rules: Int, permissions: Int, nodes: Int, conditions: Int)
    let bundle: PolicyBundle

    public init(_ engine: PolicyEngine) {
        bundle = engine.bundle
        counts = (bundle.count(.poli), bundle.count(.rule), bundle.count(.perm), bundle.count(.span), bundle.count(.prog))
        policies = .allocate(capacity: max(1, counts.policies))
        rules = .allocate(capacity: max(1, counts.rules))
        permissions = .allocate(capacity: max(1, counts.permissions))
        nodes = .allocate(capacity: max(1, counts.nodes))
        combinations = .allocate(capacity: max(1, counts.conditions))
        reset()
    }

    deinit {
        policies.deallocate()
        rules.deallocate()
        permissions.deallocate()
        nodes.deallocate()
        combinations.deallocate()
    }

    /// Forgets everything.
    public func reset() {
        policies.initialize(repeating: false, count: counts.policies)
        rules.initialize(repeating: 0, count: counts.rules)
        permissions.initialize(repeating: 0, count: counts.permissions)
        nodes.initialize(repeating: 0, count: counts.nodes)
        combinations.initialize(repeating: 0, count: counts.conditions)
    }

    /// Whether a policy matched and was evaluated.
    public func isEvaluated(policy: Int) -> Bool {
        precondition(policy >= 0 && policy < counts.policies)
        return policies[policy]
    }

    public subscript(rule: Int) -> RuleBits {
        precondition(rule >= 0 && rule < counts.rules)
        return RuleBits(rawValue: rules[rule])
    }

    /// What came of the condition of a permission.
    public subscript(permission permission: Int) -> RuleBits {
        precondition(permission >= 0 && permission < counts.permissions)
        return RuleBits(rawValue: permissions[permission])
    }

    func note(rule: Int, _ outcome: DecisionSession.Outcome) { rules[rule] |= Self.bit(outcome).rawValue }

    func note(permission: Int, _ outcome: DecisionSession.Outcome) { permissions[permission] |= Self.bit(outcome).rawValue }

    private static func bit(_ outcome: DecisionSession.Outcome) -> RuleBits {
        switch outcome {
        case .isTrue: .held
        case .isFalse: .failed
        case .isError: .erred
        }
    }

    /// A predicate of a condition and the ways that it went.
    public struct Predicate: Sendable {
        /// UTF-8 offsets into the condition's source.
        public var range: Range<Int>
        public var text: String
        public var wasTrue: Bool
        public var wasFalse: Bool
        public var wasError: Bool
    }

    /// `GraphTrace` bits of the instructions of a condition.
    private func ways(ofCondition condition: Int) -> [UInt8] {
        var ways = bundle.records(.prog, condition, ProgramColumn.spans).map { nodes[$0] }
        var combinations = combinations[condition]
        while combinations != 0 {
            bundle.conditions.follow(condition, combination: combinations.trailingZeroBitCount) { ways[$0] |= $1 }
            combinations &= combinations - 1
        }
        return ways
    }

    /// The predicates of a condition in the order of the source; none where it has no graph. What was emitted several times is one.
    public func predicates(ofCondition condition: Int) -> [Predicate] {
        let source = Array(bundle.string(.prog, condition, ProgramColumn.text).utf8)
        let ways = ways(ofCondition: condition)
        var found: [[Int]: Predicate] = [:]
        for (instruction, row) in bundle.records(.prog, condition, ProgramColumn.spans).enumerated() {
            let range = Int(bundle.word(.span, row, 0))..<Int(bundle.word(.span, row, 1))
            if range.isEmpty { continue }
            let bits = ways[instruction]
            let isTurned = bundle.conditions.isTurned(condition, instruction: instruction)
            let (yes, no) = isTurned ? (GraphTrace.no, GraphTrace.yes) : (GraphTrace.yes, GraphTrace.no)
            let text = String(decoding: source[range.clamped(to: source.indices)], as: UTF8.self)
            var predicate =
                found[[range.lowerBound, range.upperBound]]
                ?? Predicate(range: range, text: text, wasTrue: false, wasFalse: false, wasError: false)
            predicate.wasTrue = predicate.wasTrue || bits & yes != 0
            predicate.wasFalse = predicate.wasFalse || bits & no != 0
            predicate.wasError = predicate.wasError || bits & GraphTrace.error != 0
            found[[range.lowerBound, range.upperBound]] = predicate
        }
        return found.values.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    }
}
