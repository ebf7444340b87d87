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
    /// What shared conditions came to: the number of the request, shifted by two, and the outcome.
    let memo: UnsafeMutablePointer<UInt64>
    let state: UnsafeMutablePointer<State>
    let hits: UnsafeMutablePointer<HitBuffer>
    /// Unexpired exemptions of the subject.
    var exemptions: [Int] = []
    /// Conditions that had to be evaluated by the general machine.
    var programs: [Int: CELProgram] = [:]
    /// Variables of the policy at hand whose evaluation failed, by slot.
    var failedVariables: [Int: CELValue] = [:]
    let output: OutputBuffer

    struct State {
        var requestNumber: UInt64 = 0
        var touchedCount = 0
        var isAllowed = false
        var isPermitted = false
    }

    public init(_ engine: PolicyEngine) {
        self.engine = engine
        activation = CELActivation(
            slotCount: engine.slotCount + engine.variableSlots, memoryCapacity: 16_384, text: engine.records.textMemory.baseAddress)
        request = .allocate(capacity: 1)
        request.initialize(to: DecodedRequest())
        let words = max(1, engine.index.policyWords)
        candidates = .allocate(capacity: words)
        candidates.initialize(repeating: 0, count: words)
        touched = .allocate(capacity: words)
        touched.initialize(repeating: 0, count: words)
        let memos = max(1, engine.index.memoCount)
        memo = .allocate(capacity: memos)
        memo.initialize(repeating: 0, count: memos)
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
        memo.deallocate()
        state.deallocate()
        hits.pointee.release()
        hits.deallocate()
    }

    /// Whether the request that was decided last is allowed.
    public var isAllowed: Bool { state.pointee.isAllowed }

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
