/// How large a value may be.
indirect enum CostShape {
    case scalar
    /// At most so many bytes.
    case text(Int)
    /// At most so many elements, none larger than the shape. A map's keys count as elements too.
    case collection(Int, CostShape)
    /// Anything of at most this weight.
    case bag(Int)

    /// The number of values and bytes in it, itself included.
    var weight: Int {
        switch self {
        case .scalar: 1
        case .text(let bytes): bytes +| 1
        case .collection(let count, let element): (count *| element.weight) +| 1
        case .bag(let weight): weight
        }
    }

    /// How many elements there may be to iterate over.
    var count: Int {
        switch self {
        case .scalar: 0
        case .text(let bytes): bytes
        case .collection(let count, _): count
        case .bag(let weight): weight
        }
    }

    var element: CostShape {
        switch self {
        case .scalar, .text: .scalar
        case .collection(_, let element): element
        case .bag: self
        }
    }

    /// The least shape that is both.
    func joined(_ other: CostShape) -> CostShape {
        switch (self, other) {
        case (.scalar, _): other
        case (_, .scalar): self
        case (.text(let left), .text(let right)): .text(max(left, right))
        case (.collection(let left, let one), .collection(let right, let two)): .collection(max(left, right), one.joined(two))
        default: .bag(max(weight, other.weight))
        }
    }

    /// The shape of a constant.
    init(_ value: CELValue) {
        switch value {
        case .string(let text): self = .text(text.utf8.count)
        case .bytes(let bytes): self = .text(bytes.count)
        case .list(let list): self = .collection(list.count, list.reduce(.scalar) { $0.joined(CostShape($1)) })
        case .map(let map):
            let parts = (map.keys + map.values).reduce(CostShape.scalar) { $0.joined(CostShape($1)) }
            self = .collection(map.count *| 2, parts)
        case .optional(let value): self = value.map { CostShape($0) } ?? .scalar
        case .pattern(let pattern): self = .text(pattern.source.utf8.count)
        case .type(let name): self = .text(name.utf8.count)
        default: self = .scalar
        }
    }

    /// The shape of an input.
    init(_ type: CELType, _ bounds: CELSizeBounds, depth: Int = 0) {
        switch type {
        case .string, .bytes, .type: self = .text(bounds.textBytes)
        case .list(let element): self = .collection(bounds.elements, CostShape(element, bounds, depth: depth + 1))
        case .map(let key, let value):
            let parts = CostShape(key, bounds, depth: depth + 1).joined(CostShape(value, bounds, depth: depth + 1))
            self = .collection(bounds.elements *| 2, parts)
        case .optional(let wrapped), .wrapper(let wrapped): self = CostShape(wrapped, bounds, depth: depth)
        case .dyn, .record, .parameter, .variable:
            let leaf = CostShape.text(bounds.textBytes)
            self = depth >= bounds.depth ? leaf : .collection(bounds.elements *| 2, CostShape(.dyn, bounds, depth: depth + 1).joined(leaf))
        default: self = .scalar
        }
    }
}

infix operator +| : AdditionPrecedence
infix operator *| : MultiplicationPrecedence

extension Int {
    /// The sum, or the largest number. For numbers that are not negative.
    static func +| (left: Int, right: Int) -> Int { saturating(left, plus: right) }

    static func saturating(_ left: Int, plus right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    /// The product, or the largest number. For numbers that are not negative.
    static func *| (left: Int, right: Int) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? .max : product
    }
}
