/// Whether two strings are the same code points. Swift's `==` also equates canonically equivalent ones, which CEL does not.
func sameText(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    // Native strings are contiguous, so that this is one comparison of memory.
    let isEqual = left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
    }
    return (isEqual ?? nil) ?? left.utf8.elementsEqual(right.utf8)
}

extension CELValue: Equatable {
    /// The same value of the same type: `1` and `1.0` differ, NaN equals NaN, the order of a map's entries does not matter.
    public static func == (left: CELValue, right: CELValue) -> Bool {
        switch (left, right) {
        case (.double(let left), .double(let right)): return left == right || (left.isNaN && right.isNaN)
        case (.list(let left), .list(let right)): return left == right
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            return left.allSatisfy { entry in
                guard let other = right[entry.key], entry.value == other else { return false }
                return right.keys.contains { $0.typeName == entry.key.typeName && $0.scalarEquals(entry.key) }
            }
        case (.optional(let left), .optional(let right)): return left == right
        case (.error(let left), .error(let right)): return left == right
        case (.pattern(let left), .pattern(let right)): return sameText(left.source, right.source)
        default: return left.typeName == right.typeName && left.scalarEquals(right)
        }
    }

    /// CEL equality (cel-spec langdef: Equality): numbers of different types by value, different types unequal, NaN unequal to itself.
    public func celEquals(_ other: CELValue) -> Bool {
        var meter = Meter(budget: .max)
        return equals(other, &meter)
    }

    /// CEL equality, charging what it costs; the result means nothing once the meter is exhausted.
    func equals(_ other: CELValue, _ meter: inout Meter) -> Bool {
        switch (self, other) {
        case (.list(let left), .list(let right)):
            guard left.count == right.count, meter.charge(left.count), meter.enter() else { return false }
            defer { meter.leave() }
            for position in left.indices where !left[position].equals(right[position], &meter) { return false }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count, meter.charge(left.count), meter.enter() else { return false }
            defer { meter.leave() }
            for (key, value) in left {
                guard let other = right[key], value.equals(other, &meter) else { return false }
            }
            return true
        case (.optional(let left), .optional(let right)):
            guard meter.charge(1), meter.enter() else { return false }
            defer { meter.leave() }
            guard let left, let right else { return left == nil && right == nil }
            return left.equals(right, &meter)
        case (.string(let left), .string(let right)):
            guard meter.charge(text: left.utf8.count) else { return false }
            return sameText(left, right)
        default: return scalarEquals(other)
        }
    }

    /// Equality of everything that holds no other values.
    private func scalarEquals(_ other: CELValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.uint(let left), .uint(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): sameText(left, right)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.type(let left), .type(let right)): sameText(left, right)
        case (.address(let left), .address(let right)): left == right
        case (.network(let left), .network(let right)): left == right
        case (.int, .uint), (.int, .double), (.uint, .int), (.uint, .double), (.double, .int), (.double, .uint):
            numericOrder(other) == .same
        default: false
        }
    }
}
