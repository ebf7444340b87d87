/// Subexpressions that occur more than once, and so can be computed once: expressions have no effects.
///
/// Nodes that are the same, up to the names of the variables that they declare, form a class. Whether the value of a class is available at
/// some point depends on the ways that lead there, which the emitters know.
struct CommonSubexpressions {
    /// A set of classes, a bit for each.
    typealias Classes = UInt32

    /// Each class takes a register from the beginning to the end, of which a program has 256.
    private static let limit = 32

    /// By node: the number of its class, or -1. Empty when there are none.
    private var numbers: [Int8] = []
    private(set) var count = 0

    /// Nothing is shared.
    init() {}

    init(_ expression: CheckedExpression, folded: [CELValue?]) {
        // Few conditions repeat anything, and most of those that do not are found out here.
        guard SubexpressionClasses.hasCandidates(expression, folded) else { return }
        var classes = SubexpressionClasses(expression: expression, folded: folded)
        let found = classes.find()
        guard !found.isEmpty else { return }
        numbers = [Int8](repeating: -1, count: expression.tree.nodes.count)
        for members in found.prefix(Self.limit) {
            for id in members { numbers[id] = Int8(count) }
            count += 1
        }
    }

    func number(of id: NodeID) -> Int? {
        guard !numbers.isEmpty, numbers[id] >= 0 else { return nil }
        return Int(numbers[id])
    }

    static func set(_ number: Int) -> Classes { 1 << UInt32(number) }
}

/// Finds the nodes that are worth sharing: by the hashes of what they consist of, then by comparing those with the same one.
struct SubexpressionClasses {
    private struct Entry {
        var hash: UInt64 = 0
        /// Nodes in it, itself included. None when it is folded.
        var size = 0
        var parent = -1
        var number = -1
        var isCandidate = false
        /// Whether it, or a node in it, is worth sharing.
        var hasCandidate = false
    }

    let expression: CheckedExpression
    let folded: [CELValue?]
    private var entries: [Entry] = []

    init(expression: CheckedExpression, folded: [CELValue?]) {
        self.expression = expression
        self.folded = folded
    }

    /// Whether there are two nodes that might form a class.
    static func hasCandidates(_ expression: CheckedExpression, _ folded: [CELValue?]) -> Bool {
        var count = 0
        for id in expression.tree.nodes.indices where isCandidate(id, expression, folded) {
            count += 1
            if count > 1 { return true }
        }
        return false
    }

    /// Whether computing the node takes more than fetching its value would. Comparisons do not, once their operands are shared.
    private static func isCandidate(_ id: NodeID, _ expression: CheckedExpression, _ folded: [CELValue?]) -> Bool {
        guard folded[id] == nil else { return false }
        switch expression.tree[id].kind {
        case .select(_, _, let isOptional):
            switch expression.references[id] {
            case .none: return true
            case .slot: return isOptional
            default: return false
            }
        case .index, .list, .map, .comprehension, .bind, .optionalMap: return true
        case .message:
            if case .constant = expression.references[id] { return true }
            return false
        case .call:
            switch expression.references[id] {
            case .function(let function), .namespaced(let function):
                return !(function == .not || (CELFunction.equal.rawValue...CELFunction.greaterOrEqual.rawValue).contains(function.rawValue))
            case .variadic: return true
            default: return false
            }
        default: return false
        }
    }

    /// The members of each class, the largest nodes first.
    mutating func find() -> [[NodeID]] {
        describe()
        var candidates: [(hash: UInt64, id: NodeID)] = []
        var isReached = [Bool](repeating: false, count: entries.count)
        for id in entries.indices.reversed() {
            // What a macro was written with may be left over, and is no part of the expression.
            isReached[id] = id == expression.tree.root || (entries[id].parent >= 0 && isReached[entries[id].parent])
            if isReached[id], entries[id].isCandidate { candidates.append((entries[id].hash, id)) }
        }
        candidates.sort { ($0.hash, $0.id) < ($1.hash, $1.id) }
        var classes: [[NodeID]] = []
        var equality = SubexpressionEquality(expression: expression, folded: folded)
        var start = 0
        while start < candidates.count {
            var end = start + 1
            while end < candidates.count, candidates[end].hash == candidates[start].hash { end += 1 }
            if end - start > 1 { split(candidates[start..<end].map(\.id), &equality, into: &classes) }
            start = end
        }
        guard !classes.isEmpty else { return [] }
        for (number, members) in classes.enumerated() { for id in members { entries[id].number = number } }
        return classes.filter { !isPart($0, classes) }.sorted { (entries[$0[0]].size, $1[0]) > (entries[$1[0]].size, $0[0]) }
    }

    /// Splits nodes with the same hash, which may yet differ, into classes.
    private func split(_ nodes: [NodeID], _ equality: inout SubexpressionEquality, into classes: inout [[NodeID]]) {
        var groups: [[NodeID]] = []
        for id in nodes {
            guard !equality.isExhausted else { break }
            if let group = groups.firstIndex(where: { equality.areEqual($0[0], id) }) {
                groups[group].append(id)
            } else {
                groups.append([id])
            }
        }
        classes += groups.filter { $0.count > 1 }
    }

    /// Whether the nodes occur only within those of another class, once in each: then nothing is left to share.
    private func isPart(_ members: [NodeID], _ classes: [[NodeID]]) -> Bool {
        var outer = -1
        for id in members {
            var ancestor = entries[id].parent
            while ancestor >= 0, entries[ancestor].number < 0 { ancestor = entries[ancestor].parent }
            guard ancestor >= 0, outer < 0 || entries[ancestor].number == outer else { return false }
            outer = entries[ancestor].number
        }
        return outer >= 0 && classes[outer].count == members.count
    }

    // MARK: Hashes

    private mutating func describe() {
        entries = [Entry](repeating: Entry(), count: expression.tree.nodes.count)
        for id in entries.indices where folded[id] == nil {
            entries[id].isCandidate = Self.isCandidate(id, expression, folded)
            entries[id].hasCandidate = entries[id].isCandidate
            entries[id].size = 1
            describe(id)
            switch expression.tree[id].kind {
            // Of these, one part may have been evaluated or not, so that sharing the parts alone is not enough.
            case .and, .or, .conditional: entries[id].isCandidate = entries[id].hasCandidate
            default: break
            }
        }
    }

    private mutating func describe(_ id: NodeID) {
        switch expression.references[id] {
        case .slot(let slot):
            mix(1, id)
            mix(UInt64(slot), id)
            return
        // Its number says nothing of a variable that is declared in what is compared.
        case .local: return mix(2, id)
        case .unbound, .noOverload, .present, .place: return mix(3, id)
        case .function(let function), .namespaced(let function), .variadic(let function): mix(UInt64(function.rawValue), id)
        case .none, .constant: break
        }
        switch expression.tree[id].kind {
        case .literal, .name, .invalid: mix(4, id)
        case .select(let operand, let field, let isOptional): take([operand], of: id, as: isOptional ? 5 : 6, field)
        case .has(let operand, let field): take([operand], of: id, as: 7, field)
        case .index(let operand, let key, let isOptional): take([operand, key], of: id, as: isOptional ? 8 : 9)
        case .and(let left, let right): take([left, right], of: id, as: 10)
        case .or(let left, let right): take([left, right], of: id, as: 11)
        case .conditional(let condition, let first, let second): take([condition, first, second], of: id, as: 12)
        case .call(_, let target, let arguments, _):
            if case .function = expression.references[id], let target { take([target], of: id, as: 13) }
            take(arguments, of: id, as: 14)
        case .list(let elements): take(elements.map(\.value), of: id, as: 15)
        case .map(let parts): take(parts.flatMap { [$0.key, $0.value] }, of: id, as: 16)
        case .message(let name, _, let fields): take(fields.map(\.value), of: id, as: 17, name)
        case .comprehension(let parts):
            take([parts.range] + (parts.filter.map { [$0] } ?? []) + [parts.body], of: id, as: 18 &+ UInt64(parts.macro.hashNumber))
        case .bind(_, let value, let body): take([value, body], of: id, as: 30)
        case .optionalMap(let operand, _, let body, let isFlat): take([operand, body], of: id, as: isFlat ? 31 : 32)
        }
    }

    private mutating func mix(_ value: UInt64, _ id: NodeID) { entries[id].hash = Self.mix(entries[id].hash, value) }

    private mutating func take(_ children: [NodeID], of id: NodeID, as kind: UInt64, _ name: String = "") {
        mix(kind, id)
        for byte in name.utf8 { mix(UInt64(byte), id) }
        for child in children {
            entries[child].parent = id
            entries[id].size += entries[child].size
            if entries[child].hasCandidate { entries[id].hasCandidate = true }
            mix(folded[child].map { Self.hash($0) } ?? entries[child].hash, id)
        }
    }

    private static func mix(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        let product = (hash ^ value) &* 0x9E37_79B9_7F4A_7C15
        return product ^ (product >> 29) &+ 1
    }

    /// Of a long constant, only the beginning counts.
    private static func hash(_ value: CELValue) -> UInt64 {
        switch value {
        case .bool(let value): value ? 1 : 2
        case .int(let value): mix(3, UInt64(bitPattern: value))
        case .uint(let value): mix(4, value)
        case .double(let value): mix(5, value.bitPattern)
        case .string(let text): text.utf8.prefix(32).reduce(mix(6, UInt64(text.utf8.count))) { mix($0, UInt64($1)) }
        case .bytes(let bytes): bytes.prefix(32).reduce(mix(7, UInt64(bytes.count))) { mix($0, UInt64($1)) }
        case .list(let list): list.prefix(4).reduce(mix(8, UInt64(list.count))) { mix($0, hash($1)) }
        case .map(let map): mix(9, UInt64(map.count))
        default: 10
        }
    }
}

extension SyntaxTree.Macro {
    fileprivate var hashNumber: Int {
        switch self {
        case .all: 0
        case .exists: 1
        case .existsOne: 2
        case .map: 3
        case .filter: 4
        case .transformList: 5
        case .transformMap: 6
        case .transformMapEntry: 7
        case .sortBy: 8
        }
    }
}
