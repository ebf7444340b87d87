import CRE2

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the run loop leaves to functions of their own.
extension GraphMachine {
    /// Stands for an error's number where the general machine has to tell.
    static let unknown = UInt64.max

    /// Two cells compared as a `GraphCondition` says.
    @inline(never)
    static func compare(_ left: CELCell, _ right: CELCell, _ condition: UInt8, _ context: Context) -> Answer {
        guard let condition = GraphCondition(rawValue: condition), let first = CELCell.Tag(rawValue: left.rawTag),
            let second = CELCell.Tag(rawValue: right.rawTag)
        else { return .general }
        let isEquality = condition == .equal || condition == .notEqual
        switch (first, second) {
        case (.absent, _), (_, .absent): return .error
        case (.text, .text), (.bytes, .bytes):
            if isEquality {
                let isSame =
                    left.extra == right.extra && left.count == right.count
                    && TextHash.same(context.bytes(left), context.bytes(right), left.count)
                return isSame == (condition == .equal) ? .yes : .no
            }
            let difference = memcmp(context.bytes(left), context.bytes(right), min(left.count, right.count))
            let order: CELOrder =
                difference != 0
                ? (difference < 0 ? .less : .greater) : left.count == right.count ? .same : left.count < right.count ? .less : .greater
            return condition.holds(order) ? .yes : .no
        case (.list, _), (_, .list), (.map, _), (_, .map), (.opaque, _), (_, .opaque): return .general
        case (.int, .int), (.duration, .duration): return answer(left.int, right.int, condition)
        case (.uint, .uint), (.bool, .bool): return answer(left.payload, right.payload, condition)
        case (.timestamp, .timestamp):
            return left.payload == right.payload ? answer(left.extra, right.extra, condition) : answer(left.int, right.int, condition)
        default: break
        }
        // Neither of what is left allocates as a value.
        guard let one = left.scalar, let other = right.scalar else {
            return isEquality ? (condition == .notEqual ? .yes : .no) : .general
        }
        if isEquality {
            var meter = Meter(budget: .max)
            return one.equals(other, &meter) == (condition == .equal) ? .yes : .no
        }
        guard let order = one.order(other) else { return .general }
        guard let order else { return .no }
        return condition.holds(order) ? .yes : .no
    }

    @inline(__always)
    private static func answer<T: FixedWidthInteger>(_ left: T, _ right: T, _ condition: GraphCondition) -> Answer {
        condition.holds(left < right ? .less : left == right ? .same : .greater) ? .yes : .no
    }

    /// The cell compared with the constant that the instruction names, for cells of another type than it was made for.
    @inline(never)
    static func compareWithConstant(_ cell: CELCell, _ word: UInt64, _ context: Context) -> Answer {
        let flags = UInt8(truncatingIfNeeded: word >> 8)
        let answer = compare(cell, context.constant(Int(word >> 48)), flags & 7, context)
        // The exits are those of the comparison that took the place of the one in `flags`.
        guard flags & GraphCondition.swapped != 0 else { return answer }
        return answer == .yes ? .no : answer == .no ? .yes : answer
    }

    @inline(never)
    static func contains(_ text: CELCell, _ part: CELCell, _ context: Context) -> Bool {
        part.count == 0 || cre2_contains(context.bytes(text), text.count, context.bytes(part), part.count) == 1
    }

    @inline(never)
    static func search(_ operation: GraphOperation, _ text: CELCell, _ part: CELCell, _ context: Context) -> Bool {
        switch operation {
        case .containsCell: contains(text, part, context)
        case .startsWithCell: text.count >= part.count && TextHash.same(context.bytes(text), context.bytes(part), part.count)
        default:
            text.count >= part.count
                && TextHash.same(context.bytes(text) + (text.count - part.count), context.bytes(part), part.count)
        }
    }

    /// Charges for each element that is looked at.
    @inline(never)
    static func isIn(_ element: CELCell, _ collection: CELCell, _ budget: inout Int, _ context: Context) -> Answer {
        if element.isTagged(.absent) || collection.isTagged(.absent) { return .error }
        if collection.isTagged(.map) {
            guard element.isTagged(.text) else { return .general }
            let found = GraphMemory.find(
                collection, context.memory, hash: element.extra, context.bytes(element), element.count)
            return found.isTagged(.absent) ? .no : .yes
        }
        guard collection.isTagged(.list) else { return .general }
        for index in 0..<collection.count {
            budget -= 1
            if budget < 0 { break }
            switch compare(GraphMemory.element(index, collection, context.memory), element, GraphCondition.equal.rawValue, context) {
            case .no: continue
            case .yes: return .yes
            default: return .general
            }
        }
        return .no
    }

    // MARK: Registers. Each gives 0, the number of an error, or `unknown`.

    @inline(never)
    static func index(_ target: Int, _ collection: CELCell, _ key: CELCell, _ context: Context) -> UInt64 {
        if key.isTagged(.absent) || collection.isTagged(.absent) { return GraphError.noSuchKey }
        switch (collection.tag, key.tag) {
        case (.map, .text):
            let found = GraphMemory.find(collection, context.memory, hash: key.extra, context.bytes(key), key.count)
            if found.isTagged(.absent) { return GraphError.noSuchKey }
            context.frame[target] = found
            return 0
        case (.list, .int):
            guard key.int >= 0, key.int < Int64(collection.count) else { return GraphError.invalidArgument }
            context.frame[target] = GraphMemory.element(Int(key.int), collection, context.memory)
            return 0
        default: return unknown
        }
    }

    @inline(never)
    static func compute(_ target: Int, _ left: CELCell, _ right: CELCell, _ operation: UInt8, _ context: Context) -> UInt64 {
        if left.isTagged(.absent) || right.isTagged(.absent) { return GraphError.noSuchKey }
        if left.isTagged(.double), right.isTagged(.double), operation < 4 {
            let (left, right) = (left.double, right.double)
            let value =
                switch operation {
                case 0: left + right
                case 1: left - right
                case 2: left * right
                default: left / right
                }
            context.frame[target] = .double(value)
            return 0
        }
        if operation < 2, left.isTagged(.timestamp) || left.isTagged(.duration) {
            if let cell = computeTime(left, right, isSum: operation == 0) {
                context.frame[target] = cell
                return 0
            }
        }
        guard let left = left.scalar, let right = right.scalar else { return unknown }
        var meter = Meter(budget: .max)
        let result =
            switch operation {
            case 0: Arithmetic.add(left, right, &meter)
            case 1: Arithmetic.subtract(left, right)
            case 2: Arithmetic.multiply(left, right)
            case 3: Arithmetic.divide(left, right)
            default: Arithmetic.modulo(left, right)
            }
        return store(result, target, context)
    }

    /// Nil when there is no such sum or difference, or it is out of range: then what knows the errors tells.
    private static func computeTime(_ left: CELCell, _ right: CELCell, isSum: Bool) -> CELCell? {
        switch (left.tag, right.tag) {
        case (.duration, .duration):
            let (length, overflow) =
                isSum ? left.int.addingReportingOverflow(right.int) : left.int.subtractingReportingOverflow(right.int)
            return overflow ? nil : .duration(CELDuration(nanoseconds: length))
        case (.timestamp, .duration):
            let length = CELDuration(nanoseconds: right.int)
            return (isSum ? left.time?.advanced(by: length) : left.time?.receded(by: length)).map { .timestamp($0) }
        case (.timestamp, .timestamp) where !isSum:
            guard let time = left.time, let other = right.time else { return nil }
            return time.since(other).map { .duration($0) }
        default: return nil
        }
    }

    @inline(never)
    static func negate(_ target: Int, _ cell: CELCell, _ context: Context) -> UInt64 {
        if cell.isTagged(.absent) { return GraphError.noSuchKey }
        guard let value = cell.scalar else { return unknown }
        return store(Arithmetic.negate(value), target, context)
    }

    @inline(never)
    static func size(_ target: Int, _ cell: CELCell, _ context: Context) -> UInt64 {
        switch cell.tag {
        case .absent: return GraphError.noSuchKey
        case .text:
            let bytes = UnsafeRawBufferPointer(start: context.bytes(cell), count: cell.count)
            var count = 0
            for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
            context.frame[target] = .int(Int64(count))
        case .bytes, .list, .map: context.frame[target] = .int(Int64(cell.count))
        default: return unknown
        }
        return 0
    }

    /// Calls a function of the library. This is the one instruction that allocates, for the array of its arguments and for texts.
    @inline(never)
    static func call(_ target: Int, _ first: Int, _ number: Int, _ budget: inout Int, _ context: Context) -> UInt64 {
        guard let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: number)) else { return unknown }
        var arguments: [CELValue] = []
        arguments.reserveCapacity(function.arity)
        for index in first..<first + function.arity {
            let cell = context.frame[index]
            if cell.isTagged(.absent) { return GraphError.noSuchKey }
            if let value = cell.scalar {
                arguments.append(value)
            } else if cell.isTagged(.text) {
                arguments.append(
                    .string(String(decoding: UnsafeRawBufferPointer(start: context.bytes(cell), count: cell.count), as: UTF8.self)))
            } else {
                return unknown
            }
        }
        var meter = Meter(budget: max(0, budget))
        let result = function.apply(arguments, &meter)
        budget = meter.remaining
        return store(result, target, context)
    }

    private static func store(_ result: CELValue, _ target: Int, _ context: Context) -> UInt64 {
        if let cell = CELCell(scalar: result) {
            context.frame[target] = cell
            return 0
        }
        if case .error(let error) = result {
            // That no overload takes these operands is for the general machine to say, as all that is of another type than expected.
            return error.kind == .noSuchOverload ? unknown : GraphError.code(error.kind)
        }
        return unknown
    }
}
