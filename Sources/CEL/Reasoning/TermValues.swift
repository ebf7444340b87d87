/// The values of a term that have to be tried so that all others are covered.
enum TermValues {
    /// More constants than this that one input is compared with are not gone through.
    private static let mostConstants = 300
    /// Elements of a list that are asked for; each may be in it or not.
    private static let mostElements = 6
    /// Up to here a `double` holds every whole number.
    private static let exact: Int64 = 1 << 53

    /// For each value that is tried, what each of the predicates, all about one term, comes to. Nil where there are too many.
    static func outcomes(of atoms: [CELAtom]) -> [[CELOutcomes]]? {
        guard let term = atoms.first?.term else { return [] }
        if case .opaque = term.domain { return CELOutcomes.any.each.map { outcome in atoms.map { _ in outcome } } }
        if case .texts(let texts) = term.domain {
            let last = texts.count
            let rows = Array(0..<last) + (term.mayFail ? [last] : [])
            return rows.map { row in atoms.map { outcome($0.test, at: row) } }
        }
        guard let values = values(term, atoms.map(\.test)) else { return nil }
        let all: [CELValue?] = values + (term.mayFail ? [nil] : [])
        return all.map { value in atoms.map { outcome($0.test, value) } }
    }

    private static func outcome(_ test: CELAtom.Test, at row: Int) -> CELOutcomes {
        if case .table(let outcomes) = test, outcomes.indices.contains(row) { return outcomes[row] }
        return .any
    }

    /// - Parameter value: nil for a term that is absent or an error.
    private static func outcome(_ test: CELAtom.Test, _ value: CELValue?) -> CELOutcomes {
        switch test {
        case .present: return value == nil ? .isFalse : .isTrue
        case .isTrue: return value.map { CELOutcomes($0) } ?? .isError
        case .compare(let function, let constant, let isConstantFirst):
            guard let value else { return .isError }
            var meter = Meter(budget: .max)
            return CELOutcomes(function.apply(isConstantFirst ? [constant, value] : [value, constant], &meter))
        case .table: return .any
        }
    }

    // MARK: Values

    private static func values(_ term: CELAtom.Term, _ tests: [CELAtom.Test]) -> [CELValue]? {
        var constants: [CELValue] = []
        for test in tests {
            guard case .compare(let function, let constant, let isConstantFirst) = test else { continue }
            if function == .isIn, !isConstantFirst, case .list(let members) = constant {
                constants += members
            } else {
                constants.append(constant)
            }
        }
        guard constants.count <= mostConstants else { return nil }
        switch term.domain {
        case .texts, .opaque: return nil
        case .text: return texts(constants)
        case .int: return ints(constants, least: term.least)
        case .double(let mayBeNaN): return doubles(constants, least: term.least) + (mayBeNaN ? [.double(.nan)] : [])
        case .bool: return [.bool(false), .bool(true)]
        case .timestamp: return timestamps(constants, least: term.least)
        case .list(let texts): return lists(constants, of: texts)
        // A list equals none of the scalars that such a value is compared with.
        case .dynamic: return constants + [.list([])]
        case .other: return [.null]
        }
    }

    /// Each constant and what comes right after it: between two of them in the order of texts there is nothing else to tell apart.
    private static func texts(_ constants: [CELValue]) -> [CELValue] {
        var found: Set<[UInt8]> = [[]]
        for case .string(let text) in constants {
            found.insert(Array(text.utf8))
            found.insert(Array(text.utf8) + [0])
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }.map { .string(String(decoding: $0, as: UTF8.self)) }
    }

    private static func ints(_ constants: [CELValue], least: CELValue?) -> [CELValue] {
        var found: Set<Int64> = [0]
        func add(_ number: Int64) {
            found.insert(number)
            if number > .min { found.insert(number - 1) }
            if number < .max { found.insert(number + 1) }
        }
        for constant in constants {
            switch constant {
            case .int(let number): add(number)
            // The whole number below a fraction, and the one above it.
            case .double(let number) where number.magnitude <= Double(exact): add(Int64(number.rounded(.down)))
            default: break
            }
        }
        if case .int(let least)? = least { found = Set(found.filter { $0 >= least } + [least]) }
        return found.sorted().map { .int($0) }
    }

    private static func doubles(_ constants: [CELValue], least: CELValue?) -> [CELValue] {
        var found: Set<Double> = [-.infinity, .infinity, 0]
        for constant in constants {
            let number: Double
            switch constant {
            case .double(let given): number = given
            case .int(let given): number = Double(given)
            default: continue
            }
            found.formUnion([number, number.nextUp, number.nextDown])
        }
        if case .double(let least)? = least { found = Set(found.filter { $0 >= least } + [least]) }
        return found.sorted().map { .double($0) }
    }

    private static func timestamps(_ constants: [CELValue], least: CELValue?) -> [CELValue] {
        let tick = CELDuration(nanoseconds: 1)
        var found: Set<CELTimestamp> = [CELTimestamp(nanosecondsSince1970: 0)]
        for case .timestamp(let time) in constants {
            found.formUnion([time, time.advanced(by: tick), time.receded(by: tick)].compactMap(\.self))
        }
        let all = found.sorted { ($0.seconds, $0.nanoseconds) < ($1.seconds, $1.nanoseconds) }
        guard case .timestamp(let least)? = least else { return all.map { .timestamp($0) } }
        let from = all.filter { ($0.seconds, $0.nanoseconds) > (least.seconds, least.nanoseconds) }
        return [.timestamp(least)] + from.map { .timestamp($0) }
    }

    /// Every choice of the elements that are asked for.
    private static func lists(_ constants: [CELValue], of texts: [String]?) -> [CELValue]? {
        var elements: [String] = []
        for case .string(let text) in constants where !elements.contains(where: { sameText($0, text) }) {
            if let texts, !texts.contains(where: { sameText($0, text) }) { continue }
            elements.append(text)
        }
        guard elements.count <= mostElements else { return nil }
        return (0..<1 << elements.count).map { choice in
            .list(elements.indices.filter { choice >> $0 & 1 == 1 }.map { .string(elements[$0]) })
        }
    }

    // MARK: What can be reasoned about

    /// Whether the values that would be tried for a term tell everything about its comparison with the constant.
    static func covers(_ domain: CELAtom.Domain, _ function: CELFunction, _ constant: CELValue, isConstantFirst: Bool) -> Bool {
        let isOrder = [.less, .lessOrEqual, .greater, .greaterOrEqual].contains(function)
        let isEquality = function == .equal || function == .notEqual
        switch domain {
        case .list:
            if case .string = constant { return function == .isIn && isConstantFirst }
            return false
        case .texts, .other, .opaque: return false
        default: break
        }
        if function == .isIn {
            guard !isConstantFirst, case .list(let members) = constant, members.count <= mostConstants else { return false }
            return members.allSatisfy { covers(domain, .equal, $0, isConstantFirst: false) }
        }
        guard isOrder || isEquality else { return false }
        switch (domain, constant) {
        case (.text, .string), (.int, .int), (.bool, .bool), (.timestamp, .timestamp): return true
        case (.double, .double(let number)): return !number.isNaN
        // Numbers of two types are compared by value, which is exact only up to here.
        case (.int, .double(let number)): return number.magnitude <= Double(exact)
        case (.double, .int(let number)): return number.magnitude <= exact
        case (.dynamic, .string), (.dynamic, .bool), (.dynamic, .null): return isEquality
        case (.dynamic, .int(let number)): return isEquality && number.magnitude <= exact
        case (.dynamic, .double(let number)): return isEquality && number.magnitude <= Double(exact)
        default: return false
        }
    }
}
