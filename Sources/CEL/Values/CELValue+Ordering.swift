/// How two values lie to each other.
enum CELOrder { case less, same, greater }

extension CELValue {
    /// The order of two numbers of any types on one number line; nil if either is NaN or no number.
    func numericOrder(_ other: CELValue) -> CELOrder? {
        switch (self, other) {
        case (.int(let left), .int(let right)): Self.order(left, right)
        case (.uint(let left), .uint(let right)): Self.order(left, right)
        case (.double(let left), .double(let right)): left < right ? .less : left > right ? .greater : left == right ? .same : nil
        // Swift compares integers of different types by value.
        case (.int(let left), .uint(let right)): left < right ? .less : left == right ? .same : .greater
        case (.uint(let left), .int(let right)): left < right ? .less : left == right ? .same : .greater
        case (.int(let left), .double(let right)): Self.order(left, double: right)
        case (.uint(let left), .double(let right)): Self.order(left, double: right)
        case (.double(let left), .int(let right)): Self.order(right, double: left)?.reversed
        case (.double(let left), .uint(let right)): Self.order(right, double: left)?.reversed
        default: nil
        }
    }

    /// The order of two values that `<` can compare. Outer nil: there is no such overload. Inner nil: NaN, which nothing is less than.
    func order(_ other: CELValue) -> CELOrder?? {
        switch (self, other) {
        case (.bool(let left), .bool(let right)): left == right ? .same : right ? .less : .greater
        case (.int, .int), (.int, .uint), (.int, .double), (.uint, .int), (.uint, .uint), (.uint, .double), (.double, .int),
            (.double, .uint), (.double, .double):
            .some(numericOrder(other))
        case (.string(let left), .string(let right)): Self.order(bytes: left.utf8, right.utf8)
        case (.bytes(let left), .bytes(let right)): Self.order(bytes: left, right)
        case (.timestamp(let left), .timestamp(let right)): Self.order(left, right)
        case (.duration(let left), .duration(let right)): Self.order(left, right)
        default: .none
        }
    }

    private static func order<T: Comparable>(_ left: T, _ right: T) -> CELOrder { left < right ? .less : left == right ? .same : .greater }

    // UTF-8 bytes sort as the code points that they encode.
    private static func order<T: Sequence<UInt8>>(bytes left: T, _ right: T) -> CELOrder {
        var others = right.makeIterator()
        for byte in left {
            guard let other = others.next() else { return .greater }
            if byte != other { return byte < other ? .less : .greater }
        }
        return others.next() == nil ? .same : .less
    }

    // Within the integers' range the comparison is one of doubles, in which the integer may be rounded: 2^63 - 1 and 2^63 compare as equal.
    private static func order<T: FixedWidthInteger>(_ integer: T, double: Double) -> CELOrder? {
        if double.isNaN { return nil }
        if double > Double(T.max) { return .less }
        if double < Double(T.min) { return .greater }
        return order(Double(integer), double)
    }
}

extension CELOrder {
    var reversed: CELOrder {
        switch self {
        case .less: .greater
        case .same: .same
        case .greater: .less
        }
    }
}
