/// Resolves the names of an expression and deduces its types.
///
/// Unchecked, it resolves names only: everything is `dyn`, and what cannot be resolved is an error when evaluated.
struct Checker {
    struct Local {
        var name: String
        var id: Int
        var type: CELType
    }

    let environment: CELEnvironment
    let isStrict: Bool
    let tree: SyntaxTree
    var solver = TypeSolver()
    var references: [Reference]
    var types: [CELType]
    var scope: [Local] = []
    var locals: [NodeID: [Int]] = [:]
    var localCount = 0
    var issues: [CELIssue] = []

    static func check(
        _ tree: SyntaxTree, in environment: CELEnvironment, expecting: CELType? = nil, isStrict: Bool = true
    ) throws(CELIssues) -> CheckedExpression {
        var checker = Checker(tree: tree, environment: environment, isStrict: isStrict)
        let type = checker.value(tree.root)
        let result = checker.solver.resolve(type, final: true)
        if isStrict, let expecting, checker.issues.isEmpty, !checker.solver.assign(result, to: expecting) {
            checker.report(.type, "expected an expression of type \(expecting), found \(result)", tree.root)
        }
        guard checker.issues.isEmpty else { throw CELIssues(issues: Array(checker.issues.prefix(CELLimits.issues))) }
        return CheckedExpression(
            tree: tree, references: checker.references, types: checker.types, locals: checker.locals, resultType: result)
    }

    private init(tree: SyntaxTree, environment: CELEnvironment, isStrict: Bool) {
        self.tree = tree
        self.environment = environment
        self.isStrict = isStrict
        references = Array(repeating: .none, count: tree.nodes.count)
        types = Array(repeating: .dyn, count: tree.nodes.count)
    }

    /// Reports what is wrong, unless unchecked: then the evaluation tells.
    mutating func report(_ kind: CELIssue.Kind, _ message: String, _ node: NodeID, help: String? = nil) {
        guard isStrict else { return }
        issues.append(CELIssue(kind: kind, message: message, range: tree[node].range, help: help))
    }

    func describe(_ type: CELType) -> String { solver.resolve(type, final: true).description }

    /// Checks a node whose value is used: a closed record has none.
    @discardableResult
    mutating func value(_ id: NodeID) -> CELType {
        let type = visit(id)
        if case .place = references[id] {
            guard case .record(let record) = type else { return type }
            let fields = record.fields.prefix(3).map { "`\($0.name)`" }.joined(separator: ", ")
            report(
                .type, "`\(record.name)` is a record and cannot be used as a value", id, help: "use one of its fields, such as \(fields)")
            references[id] = .unbound(record.name)
            return .dyn
        }
        return type
    }

    mutating func visit(_ id: NodeID) -> CELType {
        let type = deduce(id)
        types[id] = type
        return type
    }

    // Each case has a function of its own: their variables would otherwise all be part of every level's stack frame.
    private mutating func deduce(_ id: NodeID) -> CELType {
        switch tree[id].kind {
        case .literal(let value): Self.type(of: value)
        case .name: name(id)
        case .select(let operand, let field, let isOptional): select(id, operand, field, isOptional)
        case .has(let operand, let field): has(id, operand, field)
        case .index(let operand, let key, let isOptional): index(id, operand, key, isOptional)
        case .and(let left, let right), .or(let left, let right): logical(left, right)
        case .conditional(let condition, let first, let second): conditional(id, condition, first, second)
        case .call(let name, let target, let arguments, let isAbsolute): call(id, name, target, arguments, isAbsolute)
        case .list(let elements): list(elements)
        case .map(let entries): map(entries)
        case .message(let name, let isAbsolute, let fields): message(id, name, isAbsolute, fields)
        case .comprehension(let parts): comprehension(id, parts)
        case .bind(let name, let value, let body): bind(id, name, value, body)
        case .optionalMap(let target, let variable, let body, let isFlat): optionalMap(id, target, variable, body, isFlat)
        case .invalid: .dyn
        }
    }

    private static func type(of value: CELValue) -> CELType {
        switch value {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .dyn
        }
    }

    // MARK: Expected types

    mutating func expect(_ type: CELType, _ wanted: CELType, _ node: NodeID, _ what: String) {
        guard !solver.assign(type, to: wanted) else { return }
        report(.type, "\(what) must be \(describe(wanted)), found \(describe(type))", node)
    }

    private mutating func logical(_ left: NodeID, _ right: NodeID) -> CELType {
        expect(value(left), .bool, left, "operand of a logical operator")
        expect(value(right), .bool, right, "operand of a logical operator")
        return .bool
    }

    private mutating func conditional(_ id: NodeID, _ condition: NodeID, _ first: NodeID, _ second: NodeID) -> CELType {
        expect(value(condition), .bool, condition, "condition of `?:`")
        let left = value(first)
        let right = value(second)
        let joined = solver.join(left, right)
        if isStrict, joined == .dyn, solver.shallow(left) != .dyn, solver.shallow(right) != .dyn {
            report(
                .noOverload, "the branches of `?:` have different types: \(describe(left)) and \(describe(right))", id,
                help: "`dyn()` allows both")
        }
        return joined
    }

    private mutating func list(_ elements: [SyntaxTree.Element]) -> CELType {
        var type: CELType?
        for element in elements {
            var next = value(element.value)
            if element.isOptional { next = unwrapped(next, element.value) }
            type = type.map { solver.join($0, next) } ?? next
        }
        return .list(type ?? solver.fresh())
    }

    private mutating func map(_ entries: [SyntaxTree.Entry]) -> CELType {
        var key: CELType?
        var result: CELType?
        for entry in entries {
            let nextKey = mapKey(value(entry.key), entry.key)
            key = key.map { solver.join($0, nextKey) } ?? nextKey
            var next = value(entry.value)
            if entry.isOptional { next = unwrapped(next, entry.value) }
            result = result.map { solver.join($0, next) } ?? next
        }
        return .map(key ?? solver.fresh(), result ?? solver.fresh())
    }

    // Keys are scalars. This also keeps the type of a map from doubling in size at every level of nesting.
    private mutating func mapKey(_ type: CELType, _ node: NodeID) -> CELType {
        switch solver.shallow(type) {
        case .bool, .int, .uint, .string, .dyn, .variable: return type
        default:
            report(.type, "a map's key must be bool, int, uint or string, found \(describe(type))", node)
            return .dyn
        }
    }

    /// The type within an optional.
    mutating func unwrapped(_ type: CELType, _ node: NodeID) -> CELType {
        let inner = solver.fresh()
        expect(type, .optional(inner), node, "an optional element")
        return solver.shallow(type) == .dyn ? .dyn : inner
    }
}
