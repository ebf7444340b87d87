import CEL
import JSON
import PolicyBundle

/// One thread's memory for deciding from one engine: made once, used for one request after the other.
///
/// `decode` reads a request, `decide` decides it; the results stand until the next request. Neither allocates in the ordinary case: what does
/// is an error that has to be put into words, and a condition that the graph machine leaves to the general one.
public final class DecisionSession {
    public let engine: PolicyEngine

    // INVARIANT: reached by pointer, as stored properties of a class would be checked for exclusive access; they live as long as this.
    let activation: CELActivation
    let tape = JSONTape()
    let request: UnsafeMutablePointer<DecodedRequest>
    /// By place in the match index: policies that may apply. All zero between requests.
    let candidates: UnsafeMutablePointer<UInt64>
    /// Words of `candidates` that are not zero.
    let touched: UnsafeMutablePointer<UInt32>
    /// Places in the match index of the policies to be evaluated.
    let places: UnsafeMutablePointer<UInt32>
    /// Conditions to be evaluated together.
    let queue: ConditionQueue
    /// For shared conditions the number of the decision (upper half) and of the result. Decisions count from 1: 0 is that of none.
    let memo: UnsafeMutablePointer<UInt64>
    let state: UnsafeMutablePointer<State>
    let hits: UnsafeMutablePointer<HitBuffer>
    let scratch: UnsafeMutablePointer<Scratch>
    let output: OutputBuffer

    /// What is seldom needed, and allocates when it is.
    struct Scratch {
        /// Unexpired exemptions of the subject.
        var exemptions: [Int] = []
        /// Conditions that had to be evaluated by the general machine.
        var programs: [Int: CELProgram] = [:]
        /// Variables of the policy at hand whose evaluation failed, by slot.
        var failedVariables: [Int: CELValue] = [:]
        /// What is tried is recorded here, if anywhere.
        var trace: DecisionTrace?
        /// What the texts of a restored request are in.
        var texts: SnapshotTexts?
    }

    struct State {
        /// Counts decisions, of which one request may have several; 32 bits of it, so that a memo can hold it.
        var decisionNumber: UInt32 = 0
        var touchedCount = 0
        var placeCount = 0
        /// Of the queue's results.
        var resultCount = 0
        var isAllowed = false
        var isPermitted = false
        var isTraced = false
    }

    public init(_ engine: PolicyEngine) {
        self.engine = engine
        activation = CELActivation(
            slotCount: engine.slotCount + engine.variableSlots, memoryCapacity: 16_384, for: engine.bundle.conditions)
        request = .allocate(capacity: 1)
        request.initialize(to: DecodedRequest())
        let words = max(1, engine.index.policyWords)
        candidates = .allocate(capacity: words)
        candidates.initialize(repeating: 0, count: words)
        // One more, as a word is written before it is known to be a new one.
        touched = .allocate(capacity: words + 1)
        touched.initialize(repeating: 0, count: words + 1)
        places = .allocate(capacity: words * 64)
        places.initialize(repeating: 0, count: words * 64)
        queue = ConditionQueue(policies: words * 64, rules: engine.records.count(.rule))
        let memos = max(1, engine.index.memoCount)
        memo = .allocate(capacity: memos)
        memo.initialize(repeating: 0, count: memos)
        scratch = .allocate(capacity: 1)
        scratch.initialize(to: Scratch())
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        hits = .allocate(capacity: 1)
        hits.initialize(to: HitBuffer())
        output = OutputBuffer()
    }

    deinit {
        request.deallocate()
        candidates.deallocate()
        touched.deallocate()
        places.deallocate()
        queue.release()
        memo.deallocate()
        state.deallocate()
        hits.pointee.release()
        hits.deinitialize(count: 1)
        hits.deallocate()
        scratch.deinitialize(count: 1)
        scratch.deallocate()
    }

    /// Whether the request that was decided last is allowed.
    public var isAllowed: Bool { state.pointee.isAllowed }

    /// Where it is recorded what deciding tries. Without one, which is how a session begins, recording costs nothing.
    public var trace: DecisionTrace? {
        get { scratch.pointee.trace }
        set {
            precondition(newValue == nil || newValue?.bundle === engine.bundle, "a trace belongs to one bundle")
            scratch.pointee.trace = newValue
            state.pointee.isTraced = newValue != nil
        }
    }

    /// How many rules took effect on it.
    public var ruleCount: Int { hits.pointee.ruleCount }
}

/// What was found on the way to a decision, in memory that is kept.
struct HitBuffer {
    /// A rule that takes effect.
    struct Rule {
        var policy: UInt32
        var rule: UInt32
        var isError: Bool
    }

    private(set) var rules: UnsafeMutablePointer<Rule> = .allocate(capacity: 64)
    private(set) var ruleCount = 0
    private var ruleCapacity = 64
    /// Permissions whose condition could not be evaluated.
    var permissionErrors: [Int] = []
    /// Exemptions that removed a policy.
    var exemptions: [Int] = []

    mutating func reset() {
        ruleCount = 0
        if !permissionErrors.isEmpty { permissionErrors.removeAll(keepingCapacity: true) }
        if !exemptions.isEmpty { exemptions.removeAll(keepingCapacity: true) }
    }

    @inline(__always)
    mutating func append(_ rule: Rule) {
        if ruleCount == ruleCapacity { grow() }
        rules[ruleCount] = rule
        ruleCount += 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Rule>.allocate(capacity: ruleCapacity * 2)
        larger.initialize(from: rules, count: ruleCount)
        rules.deallocate()
        rules = larger
        ruleCapacity *= 2
    }

    /// By the bundle's order of policies and rules, whatever the order in which they were found. There are few.
    mutating func sort() {
        guard ruleCount > 1 else { return }
        if ruleCount > 64 {
            var all = UnsafeMutableBufferPointer(start: rules, count: ruleCount)
            all.sort { $0.rule < $1.rule }
            return
        }
        for index in 1..<ruleCount {
            let rule = rules[index]
            var place = index
            // Rules are numbered policy by policy.
            while place > 0, rules[place - 1].rule > rule.rule {
                rules[place] = rules[place - 1]
                place -= 1
            }
            rules[place] = rule
        }
    }

    func release() { rules.deallocate() }
}

/// Conditions that are evaluated together, and what they came to.
struct ConditionQueue {
    // INVARIANT: `places` and `complex` have room for each policy, `conditions` and `results` for one at the beginning, one for each policy of
    // one rule and one for each memo, of which there are no more than rules. Released by the session that made it.
    let conditions: UnsafeMutablePointer<UInt32>
    /// Raw values of `CELGraphTable.Result`. The first is that of conditions that are not there: true.
    let results: UnsafeMutablePointer<UInt8>
    /// For each place that is evaluated with others, the number of its result.
    let places: UnsafeMutablePointer<UInt32>
    /// Places of policies that are evaluated by themselves.
    let complex: UnsafeMutablePointer<UInt32>

    init(policies: Int, rules: Int) {
        func memory<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
            let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
            memory.initialize(repeating: value, count: count)
            return memory
        }
        conditions = memory(policies + rules + 1, 0)
        results = memory(policies + rules + 1, 0)
        results[0] = 1
        places = memory(policies, 0)
        complex = memory(policies, 0)
    }

    func release() {
        conditions.deallocate()
        results.deallocate()
        places.deallocate()
        complex.deallocate()
    }
}
