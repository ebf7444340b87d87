import CEL
import JSON
import PolicyBundle

/// Every condition of a bundle: where it is used, what it reads, and its instructions.
public struct BundleDisassembly: Sendable {
    /// A place that a condition is used in. Equal conditions are stored once.
    public struct Use: Sendable {
        /// `permission`, `variable`, `rule` or `message`.
        public var kind: String
        /// The role or policy.
        public var owner: (kind: String, name: String)
        /// The name of the rule; the number of the permission or variable, from 0.
        public var part: String
        /// `path:line`; a variable has that of its policy.
        public var source: String
    }

    public struct Condition: Sendable {
        public var number: Int
        public var uses: [Use] = []
        /// Slots that it may read, with what they hold.
        public var slots: [(number: Int, path: String)]
        /// Nil where there is none: each evaluation is one of the general machine, which allocates.
        public var graph: [String]?
        public var general: [String]
    }

    public private(set) var conditions: [Condition]

    public init(_ bundle: PolicyBundle) {
        let paths = (0..<bundle.count(.slot)).map { bundle.string(Int(bundle.word(.slot, $0, 0))) }
        let memory = bundle.records.textMemory
        conditions = (0..<bundle.count(.prog)).map { number in
            let program = bundle.program(number)
            return Condition(
                number: number,
                slots: program.slotsRead.map { ($0, $0 < paths.count ? paths[$0] : "variable \($0 - paths.count)") },
                graph: bundle.conditions.disassembly(number, in: memory),
                general: program.disassembly.split(separator: "\n").map(String.init))
        }
        addPermissions(bundle)
        addPolicies(bundle)
    }

    private mutating func add(_ use: Use, to condition: UInt32) {
        if condition != BundleFormat.none { conditions[Int(condition)].uses.append(use) }
    }

    private mutating func addPermissions(_ bundle: PolicyBundle) {
        for role in 0..<bundle.count(.role) {
            let name = bundle.string(.role, role, RoleColumn.name)
            for (number, row) in bundle.records(.role, role, RoleColumn.permissions).enumerated() {
                let use = Use(
                    kind: "permission", owner: ("role", name), part: String(number),
                    source: Self.source(bundle, bundle.index(.perm, row, PermissionColumn.source)))
                add(use, to: bundle.word(.perm, row, PermissionColumn.condition))
            }
        }
    }

    private mutating func addPolicies(_ bundle: PolicyBundle) {
        for policy in 0..<bundle.count(.poli) {
            let owner = ("policy", bundle.string(.poli, policy, PolicyColumn.name))
            let place = Self.source(bundle, bundle.index(.poli, policy, PolicyColumn.source))
            for (number, condition) in bundle.list(.poli, policy, PolicyColumn.variables).enumerated() {
                add(Use(kind: "variable", owner: owner, part: String(number), source: place), to: UInt32(condition))
            }
            for row in bundle.records(.poli, policy, PolicyColumn.rules) {
                let rule = bundle.string(.rule, row, RuleColumn.name)
                let place = Self.source(bundle, bundle.index(.rule, row, RuleColumn.source))
                add(Use(kind: "rule", owner: owner, part: rule, source: place), to: bundle.word(.rule, row, RuleColumn.condition))
                add(Use(kind: "message", owner: owner, part: rule, source: place), to: bundle.word(.rule, row, RuleColumn.message))
            }
        }
    }

    private static func source(_ bundle: PolicyBundle, _ row: Int) -> String {
        let place = bundle.source(row)
        return "\(place.path):\(place.line)"
    }

    public var json: JSONValue {
        .array(
            conditions.map { condition in
                [
                    "number": .int(Int64(condition.number)), "uses": .array(condition.uses.map(\.json)),
                    "slots": .array(condition.slots.map { ["number": .int(Int64($0.number)), "path": .string($0.path)] }),
                    "hasGraph": .bool(condition.graph != nil), "graph": condition.graph.map { JSONValue($0) } ?? .null,
                    "general": JSONValue(condition.general),
                ]
            })
    }

    public var lines: [String] {
        conditions.flatMap { condition in
            var lines = ["", "condition \(condition.number)\(condition.graph == nil ? ", without a graph" : "")"]
            lines += condition.uses.map { "  \($0.text)  \($0.source)" }
            if !condition.slots.isEmpty {
                lines.append("  reads " + condition.slots.map { "slot \($0.number) \($0.path)" }.joined(separator: ", "))
            }
            if let graph = condition.graph { lines += ["  graph"] + graph.map { "  " + $0 } }
            return lines + condition.general.map { "  " + $0 }
        }.map(\.printable)
    }
}

extension BundleDisassembly.Use {
    fileprivate var json: JSONValue {
        ["kind": .string(kind), owner.kind: .string(owner.name), partName: .string(part), "source": .string(source)]
    }

    private var partName: String { ["rule", "message"].contains(kind) ? "rule" : "number" }

    fileprivate var text: String {
        switch kind {
        case "message": "message of rule \(part) of \(owner.kind) \(owner.name)"
        default: "\(kind) \(part) of \(owner.kind) \(owner.name)"
        }
    }
}
