extension Declarations {
    /// cel-spec langdef: List of Standard Definitions.
    static let operators: [Entry] =
        function("!_", .not, ([.bool], .bool))
        + function("-_", .negate, ([.int], .int), ([.double], .double), ([.duration], .duration))
        + function(
            "_+_", .add, ([.int, .int], .int), ([.uint, .uint], .uint), ([.double, .double], .double), ([.string, .string], .string),
            ([.bytes, .bytes], .bytes), ([anyList, anyList], anyList), ([.timestamp, .duration], .timestamp),
            ([.duration, .timestamp], .timestamp), ([.duration, .duration], .duration))
        + function(
            "_-_", .subtract, ([.int, .int], .int), ([.uint, .uint], .uint), ([.double, .double], .double),
            ([.timestamp, .timestamp], .duration), ([.timestamp, .duration], .timestamp), ([.duration, .duration], .duration))
        + function("_*_", .multiply, ([.int, .int], .int), ([.uint, .uint], .uint), ([.double, .double], .double))
        + function("_/_", .divide, ([.int, .int], .int), ([.uint, .uint], .uint), ([.double, .double], .double))
        + function("_%_", .modulo, ([.int, .int], .int), ([.uint, .uint], .uint))
        + function("_==_", .equal, ([a, a], .bool))
        + function("_!=_", .notEqual, ([a, a], .bool))
        + ordering("_<_", .less) + ordering("_<=_", .lessOrEqual) + ordering("_>_", .greater) + ordering("_>=_", .greaterOrEqual)
        + function("@in", .isIn, ([a, anyList], .bool), ([a, anyMap], .bool))

    private static func ordering(_ name: String, _ id: CELFunction) -> [Entry] {
        let same: [CELType] = [.bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration]
        let numbers: [CELType] = [.int, .uint, .double]
        let mixed = numbers.flatMap { left in numbers.filter { $0 != left }.map { [left, $0] } }
        return (same.map { [$0, $0] } + mixed).map { (name, Declaration(function: id, isReceiver: false, parameters: $0, result: .bool)) }
    }

    static let standard: [Entry] =
        function("size", .size, ([.string], .int), ([.bytes], .int), ([anyList], .int), ([anyMap], .int))
        + method("size", .size, ([.string], .int), ([.bytes], .int), ([anyList], .int), ([anyMap], .int))
        + method("contains", .contains, ([.string, .string], .bool))
        + method("startsWith", .startsWith, ([.string, .string], .bool))
        + method("endsWith", .endsWith, ([.string, .string], .bool))
        + method("matches", .matches, ([.string, .string], .bool))
        + function("matches", .matches, ([.string, .string], .bool))
        + conversion("int", .toInt, from: [.int, .uint, .double, .string, .timestamp, .duration], to: .int)
        + conversion("uint", .toUint, from: [.uint, .int, .double, .string], to: .uint)
        + conversion("double", .toDouble, from: [.double, .int, .uint, .string], to: .double)
        + conversion(
            "string", .toString,
            from: [.string, .bool, .int, .uint, .double, .bytes, .timestamp, .duration, .opaque("net.IP", []), .opaque("net.CIDR", [])],
            to: .string)
        + conversion("bool", .toBool, from: [.bool, .string], to: .bool)
        + conversion("bytes", .toBytes, from: [.bytes, .string], to: .bytes)
        + conversion("timestamp", .toTimestamp, from: [.timestamp, .string, .int], to: .timestamp)
        + conversion("duration", .toDuration, from: [.duration, .string], to: .duration)
        + conversion("type", .typeOf, from: [a], to: .type)
        + conversion("dyn", .toDyn, from: [a], to: .dyn)

    private static func conversion(_ name: String, _ id: CELFunction, from types: [CELType], to result: CELType) -> [Entry] {
        types.map { (name, Declaration(function: id, isReceiver: false, parameters: [$0], result: result)) }
    }

    static let temporal: [Entry] =
        accessor("getFullYear", .getFullYear, .getFullYearIn) + accessor("getMonth", .getMonth, .getMonthIn)
        + accessor("getDate", .getDate, .getDateIn) + accessor("getDayOfMonth", .getDayOfMonth, .getDayOfMonthIn)
        + accessor("getDayOfWeek", .getDayOfWeek, .getDayOfWeekIn) + accessor("getDayOfYear", .getDayOfYear, .getDayOfYearIn)
        + accessor("getHours", .getHours, .getHoursIn) + accessor("getMinutes", .getMinutes, .getMinutesIn)
        + accessor("getSeconds", .getSeconds, .getSecondsIn) + accessor("getMilliseconds", .getMilliseconds, .getMillisecondsIn)
        + method("getHours", .getHours, ([.duration], .int)) + method("getMinutes", .getMinutes, ([.duration], .int))
        + method("getSeconds", .getSeconds, ([.duration], .int)) + method("getMilliseconds", .getMilliseconds, ([.duration], .int))

    private static func accessor(_ name: String, _ id: CELFunction, _ zoned: CELFunction) -> [Entry] {
        method(name, id, ([.timestamp], .int)) + method(name, zoned, ([.timestamp, .string], .int))
    }

    static let optionals: [Entry] =
        function("optional.of", .optionalOf, ([a], .optional(a)))
        + function("optional.ofNonZeroValue", .optionalOfNonZeroValue, ([a], .optional(a)))
        + function("optional.none", .optionalNone, ([], .optional(a)))
        + function("optional.unwrap", .optionalUnwrap, ([.list(.optional(a))], anyList))
        + method("unwrapOpt", .optionalUnwrap, ([.list(.optional(a))], anyList))
        + method("hasValue", .hasValue, ([.optional(a)], .bool))
        + method("value", .value, ([.optional(a)], a))
        + method("or", .or, ([.optional(a), .optional(a)], .optional(a)))
        + method("orValue", .orValue, ([.optional(a), a], a))
}
