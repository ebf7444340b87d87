/// Finds types for the variables that stand for unknown ones (cel-spec langdef: Gradual Type Checking).
struct TypeSolver {
    private var found: [Int: CELType] = [:]
    private var next = 0

    mutating func fresh() -> CELType {
        next += 1
        return .variable(next)
    }

    /// The declared type with each of its parameters replaced by a variable of its own.
    mutating func instantiate(_ type: CELType, _ parameters: inout [String: CELType]) -> CELType {
        switch type {
        case .parameter(let name):
            if let known = parameters[name] { return known }
            let variable = fresh()
            parameters[name] = variable
            return variable
        case .list(let element): return .list(instantiate(element, &parameters))
        case .map(let key, let value): return .map(instantiate(key, &parameters), instantiate(value, &parameters))
        case .optional(let wrapped): return .optional(instantiate(wrapped, &parameters))
        case .opaque(let name, let types):
            var result: [CELType] = []
            for type in types { result.append(instantiate(type, &parameters)) }
            return .opaque(name, result)
        default: return type
        }
    }

    /// The type as far as it is known; what is not becomes `dyn` when `final`.
    func resolve(_ type: CELType, final: Bool = false) -> CELType {
        switch type {
        case .variable(let id):
            if let known = found[id] { return resolve(known, final: final) }
            return final ? .dyn : type
        case .list(let element): return .list(resolve(element, final: final))
        case .map(let key, let value): return .map(resolve(key, final: final), resolve(value, final: final))
        case .optional(let wrapped): return .optional(resolve(wrapped, final: final))
        case .opaque(let name, let types): return .opaque(name, types.map { resolve($0, final: final) })
        default: return type
        }
    }

    /// The type with a variable at its top replaced by what it stands for.
    func shallow(_ type: CELType) -> CELType {
        var type = type
        while case .variable(let id) = type, let known = found[id] { type = known }
        return type
    }

    /// Whether values of the one type can be used where the other is wanted; keeps what it learned only if so.
    mutating func assign(_ from: CELType, to: CELType) -> Bool {
        var attempt = self
        guard attempt.unify(from, to) else { return false }
        self = attempt
        return true
    }

    private mutating func unify(_ from: CELType, _ to: CELType) -> Bool {
        if case .variable(let id) = to {
            let hadType = found[id] != nil
            if substitute(from, for: id) { return true }
            if hadType { return false }
        }
        if case .variable(let id) = from { return substitute(to, for: id) }
        if from == .dyn || to == .dyn { return true }
        if from == .null { return Self.isNullable(to) }
        if to == .null { return Self.isNullable(from) }
        switch (from, to) {
        case (.wrapper(let from), .wrapper(let to)): return from == to
        case (.wrapper(let from), _): return from == to
        case (_, .wrapper(let to)): return from == to
        case (.list(let from), .list(let to)): return unify(from, to)
        case (.optional(let from), .optional(let to)): return unify(from, to)
        case (.map(let fromKey, let fromValue), .map(let toKey, let toValue)): return unify(fromKey, toKey) && unify(fromValue, toValue)
        // A record's value is a map with string keys.
        case (.record(let from), .record(let to)): return from.name == to.name
        case (.record, .map(let key, _)), (.map(let key, _), .record): return unify(key, .string)
        case (.opaque(let fromName, let fromTypes), .opaque(let toName, let toTypes)):
            guard fromName == toName, fromTypes.count == toTypes.count else { return false }
            for (from, to) in zip(fromTypes, toTypes) { guard unify(from, to) else { return false } }
            return true
        default: return from == to
        }
    }

    private mutating func substitute(_ type: CELType, for id: Int) -> Bool {
        if type == .variable(id) { return true }
        if let known = found[id] {
            if known == type { return true }
            guard unify(type, known) else { return false }
            let wider = Self.general(type, known)
            if !occurs(id, in: wider) { found[id] = wider }
            return true
        }
        guard !occurs(id, in: type) else { return false }
        found[id] = type
        return true
    }

    private func occurs(_ id: Int, in type: CELType) -> Bool {
        switch type {
        case .variable(let other): id == other || found[other].map { occurs(id, in: $0) } ?? false
        case .list(let element): occurs(id, in: element)
        case .optional(let wrapped): occurs(id, in: wrapped)
        case .map(let key, let value): occurs(id, in: key) || occurs(id, in: value)
        case .opaque(_, let types): types.contains { occurs(id, in: $0) }
        default: false
        }
    }

    private static func isNullable(_ type: CELType) -> Bool {
        switch type {
        case .null, .wrapper, .opaque, .optional, .timestamp, .duration, .record: true
        default: false
        }
    }

    /// The type of both of two parts, such as elements of a list: the wider if one can stand for the other, else `dyn`.
    mutating func join(_ left: CELType, _ right: CELType) -> CELType {
        switch (left, right) {
        // The elements of long lists.
        case (.string, .string), (.int, .int): return left
        default: return assign(left, to: right) ? Self.general(left, right) : .dyn
        }
    }

    private static func general(_ left: CELType, _ right: CELType) -> CELType {
        if left == .null, right != .dyn { return right }
        if right == .null, left != .dyn { return left }
        return isWider(left, right) ? left : right
    }

    private static func isWider(_ left: CELType, _ right: CELType) -> Bool {
        switch (left, right) {
        case (.dyn, _), (.variable, _): true
        case (_, .dyn), (_, .variable): false
        case (.list(let left), .list(let right)): isWider(left, right)
        case (.optional(let left), .optional(let right)): isWider(left, right)
        case (.map(let leftKey, let leftValue), .map(let rightKey, let rightValue)):
            isWider(leftKey, rightKey) && isWider(leftValue, rightValue)
        case (.opaque(let name, let left), .opaque(let other, let right)): name == other && zip(left, right).allSatisfy { isWider($0, $1) }
        case (.wrapper(let left), _): left == right || .wrapper(left) == right
        default: left == right
        }
    }

}
