/// A condition as the logic of what it asks: `&&`, `||`, `!` and `?:` over predicates, of which those about one input are known to hang together.
///
/// What it says is sound as long as an evaluation stays within its budget of steps: an outcome that is not told cannot be. That one is told does
/// not mean that some request leads to it.
public indirect enum CELFormula: Hashable, Sendable {
    case constant(CELOutcomes)
    case atom(CELAtom)
    case not(CELFormula)
    /// `&&`, of any number.
    case all([CELFormula])
    /// `||`, of any number.
    case any([CELFormula])
    case conditional(CELFormula, CELFormula, CELFormula)
    /// True where the formula is true or an error, false where it is false: when a rule takes effect.
    case held(CELFormula)

    public static let isTrue = CELFormula.constant(.isTrue)

    /// What it can come to.
    public var outcomes: CELOutcomes { Worlds.outcomes(of: self) }

    /// Whether a rule with the condition `other` takes effect wherever one with this condition does: each holds where it is true or an error.
    ///
    /// False where that could not be proved.
    public func implies(_ other: CELFormula) -> Bool {
        let held = CELFormula.held(self).simplified.conjuncts.map { (formula: $0, terms: $0.terms) }
        // To lead to a conjunction is to lead to each of its parts, which share fewer inputs one by one.
        let follows = CELFormula.held(other).simplified.conjuncts.allSatisfy { part in
            var terms = part.terms
            // What has nothing to do with the part, by way of others neither, says nothing about it.
            var near: [CELFormula] = []
            var far = held
            while let next = far.firstIndex(where: { !$0.terms.isDisjoint(with: terms) }) {
                terms.formUnion(far[next].terms)
                near.append(far.remove(at: next).formula)
            }
            return !CELFormula.all(near + [.not(part)]).outcomes.contains(.isTrue)
        }
        // Everything follows from what never holds.
        return follows || !CELFormula.all(held.map(\.formula)).outcomes.contains(.isTrue)
    }

    /// Keys of what its predicates are about: two formulas with none in common say nothing about each other.
    public var terms: Set<String> { Set(atoms.map(\.term.key)) }

    /// What `&&` joins at the top.
    public var conjuncts: [CELFormula] {
        if case .all(let parts) = self { parts } else { [self] }
    }

    /// With `held` moved towards the predicates: a conjunction is anything but false where none of its parts is false.
    private var simplified: CELFormula {
        switch self {
        case .held(.all(let parts)): .all(parts.map { CELFormula.held($0).simplified })
        case .held(.any(let parts)): .any(parts.map { CELFormula.held($0).simplified })
        case .held(.constant(let outcomes)): .constant(outcomes.held)
        default: self
        }
    }

    /// The predicates in it.
    public var atoms: Set<CELAtom> {
        var found: Set<CELAtom> = []
        collect(into: &found)
        return found
    }

    func collect(into found: inout Set<CELAtom>) {
        switch self {
        case .constant: break
        case .atom(let atom): found.insert(atom)
        case .not(let part), .held(let part): part.collect(into: &found)
        case .all(let parts), .any(let parts): for part in parts { part.collect(into: &found) }
        case .conditional(let condition, let first, let second):
            for part in [condition, first, second] { part.collect(into: &found) }
        }
    }

    /// How many levels, and how many parts it has.
    var size: (depth: Int, count: Int) {
        let parts: [CELFormula] =
            switch self {
            case .constant, .atom: []
            case .not(let part), .held(let part): [part]
            case .all(let parts), .any(let parts): parts
            case .conditional(let condition, let first, let second): [condition, first, second]
            }
        return parts.reduce(into: (1, 1)) { total, part in
            let size = part.size
            total = (max(total.0, size.depth + 1), total.1 + size.count)
        }
    }
}

/// A predicate: a question about one input, or one whose answer nothing is known of.
public struct CELAtom: Hashable, Sendable {
    /// Equal keys are equal questions.
    public let key: String
    let term: Term
    let test: Test

    public static func == (left: CELAtom, right: CELAtom) -> Bool { sameText(left.key, right.key) }

    public func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// What a predicate is about: equal keys are equal values in one evaluation.
    struct Term: Sendable {
        var key: String
        var domain: Domain
        /// Whether it can be absent, or an error.
        var mayFail: Bool
        /// The least value it can have.
        var least: CELValue?
    }

    enum Domain: Sendable {
        /// One of these texts.
        case texts([String])
        case text
        case int
        case double(mayBeNaN: Bool)
        case bool
        case timestamp
        /// A list of texts; of these alone, if they are given.
        case list(of: [String]?)
        case dynamic
        /// Of which nothing is asked but whether it is there.
        case other
        /// A predicate itself.
        case opaque
    }

    enum Test: Sendable {
        /// Whether there is a value.
        case present
        /// The value, a boolean, itself.
        case isTrue
        /// A comparison with a constant, which stands on the left or the right.
        case compare(CELFunction, CELValue, isConstantFirst: Bool)
        /// For each text of the domain in order, then for its absence: what the predicate comes to.
        case table([CELOutcomes])
    }
}
