/// Equality, ordering and membership (cel-spec langdef: Equality, Ordering).
enum Comparison {
    static func equal(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        if case .error = left { return left }
        if case .error = right { return right }
        return .bool(left.equals(right, &meter))
    }

    static func less(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        compare(left, right, "<", &meter) { $0 == .less }
    }

    static func lessOrEqual(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        compare(left, right, "<=", &meter) { $0 != .greater }
    }

    static func greater(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        compare(left, right, ">", &meter) { $0 == .greater }
    }

    static func greaterOrEqual(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        compare(left, right, ">=", &meter) { $0 != .less }
    }

    private static func compare(
        _ left: CELValue, _ right: CELValue, _ name: String, _ meter: inout Meter, _ holds: (CELOrder) -> Bool
    ) -> CELValue {
        if case .string(let text) = left { meter.charge(text: text.utf8.count) }
        guard let order = left.order(right) else { return .noOverload(name, left, right) }
        return .bool(order.map(holds) ?? false)
    }

    static func isIn(_ element: CELValue, _ collection: CELValue, _ meter: inout Meter) -> CELValue {
        if case .error = element { return element }
        switch collection {
        case .list(let list):
            for candidate in list {
                guard meter.charge(1) else { return .budgetExceeded }
                if candidate.equals(element, &meter) { return .bool(true) }
            }
            return .bool(false)
        case .map(let map): return .bool(map[element] != nil)
        default: return .noOverload("in", element, collection)
        }
    }
}
