/// The list extensions.
enum ListFunctions {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        if function == .range { return range(arguments[0], &meter) }
        guard case .list(let list) = arguments[0] else { return .noOverload(function.name, operands: arguments) }
        guard meter.charge(list.count) else { return .budgetExceeded }
        switch (function, arguments.count > 1 ? arguments[1] : .null, arguments.last) {
        case (.slice, .int(let start), .int(let end)): return slice(list, start, end)
        case (.flatten, _, _): return flatten(list, depth: 1, &meter)
        case (.flattenDepth, .int(let depth), _):
            guard depth >= 0 else { return .failure(.invalidArgument, "level must be non-negative") }
            return flatten(list, depth: depth, &meter)
        case (.distinct, _, _): return distinct(list, &meter)
        case (.sort, _, _): return sort(list, by: list, &meter)
        case (.sortByKeys, .list(let keys), _): return sort(list, by: keys, &meter)
        case (.first, _, _): return .optional(list.first)
        case (.last, _, _): return .optional(list.last)
        default: return .noOverload(function.name, operands: arguments)
        }
    }

    private static func range(_ value: CELValue, _ meter: inout Meter) -> CELValue {
        guard case .int(let count) = value else { return .noOverload("lists.range", value) }
        guard count > 0 else { return .list([]) }
        guard meter.charge(Int(count)) else { return .budgetExceeded }
        return .list((0..<count).map { .int($0) })
    }

    private static func slice(_ list: [CELValue], _ start: Int64, _ end: Int64) -> CELValue {
        guard start >= 0, end >= 0 else {
            return .failure(.invalidArgument, "cannot slice(\(start), \(end)), negative indexes not supported")
        }
        guard start <= end else {
            return .failure(.invalidArgument, "cannot slice(\(start), \(end)), start index must be less than or equal to end index")
        }
        guard end <= list.count else { return .failure(.invalidArgument, "cannot slice(\(start), \(end)), list is length \(list.count)") }
        return .list(Array(list[Int(start)..<Int(end)]))
    }

    private static func flatten(_ list: [CELValue], depth: Int64, _ meter: inout Meter) -> CELValue {
        var result: [CELValue] = []
        guard flatten(list, depth, into: &result, &meter) else { return .budgetExceeded }
        return .list(result)
    }

    private static func flatten(_ list: [CELValue], _ depth: Int64, into result: inout [CELValue], _ meter: inout Meter) -> Bool {
        guard meter.charge(list.count), meter.enter() else { return false }
        defer { meter.leave() }
        for element in list {
            if depth > 0, case .list(let inner) = element {
                guard flatten(inner, depth - 1, into: &result, &meter) else { return false }
            } else {
                result.append(element)
            }
        }
        return true
    }

    private static func distinct(_ list: [CELValue], _ meter: inout Meter) -> CELValue {
        var result: [CELValue] = []
        for element in list {
            var isNew = true
            for other in result where isNew {
                guard meter.charge(1) else { return .budgetExceeded }
                isNew = !other.equals(element, &meter)
            }
            if isNew { result.append(element) }
        }
        return .list(result)
    }

    /// Sorts by keys, which must be of one type that has an order. Equal keys keep their order.
    private static func sort(_ list: [CELValue], by keys: [CELValue], _ meter: inout Meter) -> CELValue {
        guard list.count == keys.count else { return .malformed }
        guard let first = keys.first else { return .list([]) }
        for key in keys {
            guard key.typeName == first.typeName else { return .failure(.invalidArgument, "list elements must have the same type") }
            guard key.order(key) != nil else { return .failure(.invalidArgument, "list elements must be comparable") }
        }
        let work = keys.reduce(0) { $0 + 1 + $1.textSize / 16 }
        let (charge, overflow) = work.multipliedReportingOverflow(by: Int.bitWidth - keys.count.leadingZeroBitCount)
        guard !overflow, meter.charge(charge) else { return .budgetExceeded }
        let order = keys.indices.sorted { left, right in
            switch keys[left].order(keys[right]) ?? nil {
            case .less: true
            case .greater: false
            default: left < right
            }
        }
        return .list(order.map { list[$0] })
    }
}
