/// What can become of a request as a whole, from what its components can come to: as no two components read the same part, each outcome of the one
/// goes with each of the other.
struct OutcomeSolver {
    private let components: [ConditionComponent]

    init(_ components: [ConditionComponent]) { self.components = components }

    private typealias Example = ConditionComponent.Example

    /// Values for which one version allows and the other denies; nil if there are none.
    func difference(allowedBy allowing: ConditionUnit.Side, deniedBy denying: ConditionUnit.Side) -> RequestValues? {
        let (allow, deny) = (allowing.rawValue, denying.rawValue)
        // Where the one allows, none of its policies denies.
        let passing = components.map { $0.examples.filter { !$0.outcome.isDenied[allow] } }
        if passing.contains(where: \.isEmpty) { return nil }
        // Either some policy of the other denies …
        for (place, examples) in passing.enumerated() {
            for example in examples where example.outcome.isDenied[deny] {
                if let values = grant(allow, among: passing, with: (place, example)) { return values }
            }
        }
        // … or none of its permissions grants.
        let ungranted = passing.map { $0.filter { !$0.outcome.isGranted[deny] } }
        if ungranted.contains(where: \.isEmpty) { return nil }
        return grant(allow, among: ungranted, with: nil)
    }

    /// Whether a version allows some values, and denies some.
    func possibilities(_ side: ConditionUnit.Side) -> (allows: Bool, denies: Bool) {
        let number = side.rawValue
        let passing = components.map { $0.examples.filter { !$0.outcome.isDenied[number] } }
        let allows = !passing.contains(where: \.isEmpty) && grant(number, among: passing, with: nil) != nil
        let isDeniable = components.contains { $0.examples.contains { $0.outcome.isDenied[number] } }
        let isUngrantable = components.allSatisfy { $0.examples.contains { !$0.outcome.isGranted[number] } }
        return (allows, isDeniable || isUngrantable)
    }

    /// One example of each component, one of them fixed, of which at least one grants.
    private func grant(_ side: Int, among examples: [[Example]], with fixed: (place: Int, example: Example)?) -> RequestValues? {
        var chosen = examples.map(\.first)
        if let fixed { chosen[fixed.place] = fixed.example }
        if !chosen.contains(where: { $0?.outcome.isGranted[side] ?? false }) {
            let other = examples.indices.lazy.filter { $0 != fixed?.place }.compactMap { place in
                examples[place].first { $0.outcome.isGranted[side] }.map { (place, $0) }
            }.first
            guard let other else { return nil }
            chosen[other.0] = other.1
        }
        return chosen.reduce(into: [:]) { values, example in values.merge(example?.values ?? [:]) { first, _ in first } }
    }
}
