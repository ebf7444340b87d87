/// Lists seen as sets.
enum SetFunctions {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        guard case .list(let left) = arguments[0], case .list(let right) = arguments[1] else {
            return .noOverload(function.name, operands: arguments)
        }
        switch function {
        case .setContains: return .bool(includes(left, right, &meter))
        case .setEquivalent: return .bool(includes(left, right, &meter) && includes(right, left, &meter))
        default:
            for element in right where isMember(element, left, &meter) { return .bool(true) }
            return .bool(false)
        }
    }

    private static func includes(_ set: [CELValue], _ elements: [CELValue], _ meter: inout Meter) -> Bool {
        for element in elements where !isMember(element, set, &meter) { return false }
        return true
    }

    private static func isMember(_ element: CELValue, _ set: [CELValue], _ meter: inout Meter) -> Bool {
        for other in set {
            // The evaluation ends with the budget, whatever this says.
            guard meter.charge(1) else { return false }
            if other.equals(element, &meter) { return true }
        }
        return false
    }
}
