/// Goes through everything that can be the case, as far as predicates can tell it apart.
///
/// A world gives each term one of a few values that stand for all others: two values between which no predicate distinguishes lead to the same
/// outcome. Parts of a condition that have no term in common are looked at apart, so that worlds are few.
enum Worlds {
    /// More worlds than this are not gone through: anything is taken to be possible.
    private static let limit = 4_096

    static func outcomes(of formula: CELFormula) -> CELOutcomes {
        switch formula {
        case .constant(let outcomes): return outcomes
        case .atom: return enumerate(formula)
        case .not(let part): return !outcomes(of: part)
        case .held(let part): return outcomes(of: part).held
        case .all(let parts):
            return components(parts).reduce(.isTrue) { $0.and($1.count == 1 ? outcomes(of: $1[0]) : enumerate(.all($1))) }
        case .any(let parts):
            return components(parts).reduce(.isFalse) { $0.or($1.count == 1 ? outcomes(of: $1[0]) : enumerate(.any($1))) }
        case .conditional(let condition, let first, let second):
            guard components([condition, first]).count > 1, components([condition, second]).count > 1 else { return enumerate(formula) }
            return outcomes(of: first).or(outcomes(of: second), by: outcomes(of: condition))
        }
    }

    /// Parts grouped so that no two groups have a term in common.
    private static func components(_ parts: [CELFormula]) -> [[CELFormula]] {
        if parts.count < 2 { return parts.map { [$0] } }
        var groups: [(terms: Set<String>, parts: [CELFormula])] = []
        for part in parts {
            var terms = part.terms
            var together: [CELFormula] = []
            groups.removeAll { group in
                guard !group.terms.isDisjoint(with: terms) else { return false }
                terms.formUnion(group.terms)
                together += group.parts
                return true
            }
            groups.append((terms, together + [part]))
        }
        return groups.map(\.parts)
    }

    // MARK: Going through worlds

    private static func enumerate(_ formula: CELFormula) -> CELOutcomes {
        var numbers: [String: Int] = [:]
        var tests: [[CELAtom]] = []
        // In the order of their keys, so that the same condition is treated the same in every run.
        let atoms = formula.atoms.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for atom in atoms {
            if let number = numbers[atom.term.key] {
                tests[number].append(atom)
            } else {
                numbers[atom.term.key] = tests.count
                tests.append([atom])
            }
        }
        // For each term, for each of its values, what its predicates come to.
        var tables: [[[CELOutcomes]]] = []
        var count = 1
        for atoms in tests {
            guard let rows = TermValues.outcomes(of: atoms) else { return .any }
            count *= max(1, rows.count)
            if count > limit { return .any }
            tables.append(rows)
        }
        var places: [CELAtom: (term: Int, position: Int)] = [:]
        for (term, atoms) in tests.enumerated() {
            for (position, atom) in atoms.enumerated() { places[atom] = (term, position) }
        }
        let numbered = Numbered(formula, places)
        var found: CELOutcomes = []
        var world = [Int](repeating: 0, count: tables.count)
        while true {
            found.formUnion(numbered.outcome { tables[$0][world[$0]][$1] })
            if found == .any { return found }
            var term = 0
            while term < world.count {
                world[term] += 1
                if world[term] < tables[term].count { break }
                world[term] = 0
                term += 1
            }
            if term == world.count { return found }
        }
    }

    /// A formula whose predicates are known by their places.
    private indirect enum Numbered {
        case constant(CELOutcomes)
        case atom(term: Int, position: Int)
        case not(Numbered)
        case held(Numbered)
        case all([Numbered])
        case any([Numbered])
        case conditional(Numbered, Numbered, Numbered)

        init(_ formula: CELFormula, _ places: [CELAtom: (term: Int, position: Int)]) {
            switch formula {
            case .constant(let outcomes): self = .constant(outcomes)
            case .atom(let atom):
                // Every atom of the formula has a place; one without could be anything.
                self = places[atom].map { .atom(term: $0.term, position: $0.position) } ?? .constant(.any)
            case .not(let part): self = .not(Numbered(part, places))
            case .held(let part): self = .held(Numbered(part, places))
            case .all(let parts): self = .all(parts.map { Numbered($0, places) })
            case .any(let parts): self = .any(parts.map { Numbered($0, places) })
            case .conditional(let condition, let first, let second):
                self = .conditional(Numbered(condition, places), Numbered(first, places), Numbered(second, places))
            }
        }

        func outcome(_ value: (Int, Int) -> CELOutcomes) -> CELOutcomes {
            switch self {
            case .constant(let outcomes): return outcomes
            case .atom(let term, let position): return value(term, position)
            case .not(let part): return !part.outcome(value)
            case .held(let part): return part.outcome(value).held
            case .all(let parts):
                var result = CELOutcomes.isTrue
                for part in parts where result != .isFalse { result = result.and(part.outcome(value)) }
                return result
            case .any(let parts):
                var result = CELOutcomes.isFalse
                for part in parts where result != .isTrue { result = result.or(part.outcome(value)) }
                return result
            case .conditional(let condition, let first, let second):
                return first.outcome(value).or(second.outcome(value), by: condition.outcome(value))
            }
        }
    }
}
