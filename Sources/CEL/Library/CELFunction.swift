/// The functions that a program can call, by the numbers that stand for them in its words.
///
/// The numbers are part of the format of a program: a number, once given, keeps its meaning, and new functions get new ones.
/// A name with several arities has one function for each, so that the number also tells how many arguments there are.
enum CELFunction: UInt16, CaseIterable, Sendable {
    // Operators
    case not = 1
    case negate, add, subtract, multiply, divide, modulo
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn

    // Standard functions
    case size = 32
    case contains, startsWith, endsWith, matches
    case toInt, toUint, toDouble, toString, toBool, toBytes, toTimestamp, toDuration, typeOf, toDyn

    // Timestamps and durations; `In` takes a time zone
    case getFullYear = 64
    case getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getHours, getMinutes, getSeconds, getMilliseconds
    case getFullYearIn, getMonthIn, getDateIn, getDayOfMonthIn, getDayOfWeekIn, getDayOfYearIn, getHoursIn, getMinutesIn, getSecondsIn
    case getMillisecondsIn

    // Optionals
    case optionalOf = 96
    case optionalOfNonZeroValue, optionalNone, hasValue, value, or, orValue, optionalUnwrap

    // Strings
    case charAt = 128
    case indexOf, indexOfFrom, lastIndexOf, lastIndexOfFrom, lowerAscii, upperAscii, replace, replaceLimit, split, splitLimit
    case substring, substringTo, trim, join, joinWith, quote, format, reverse

    // Math
    case greatest = 192
    case least, ceil, floor, round, trunc, abs, sign, isNaN, isInf, isFinite, squareRoot
    case bitAnd, bitOr, bitXor, bitNot, bitShiftLeft, bitShiftRight

    // Encoders, lists, sets, regular expressions
    case base64Encode = 224
    case base64Decode
    case slice = 240
    case flatten, flattenDepth, distinct, sort, range, first, last, sortByKeys
    case setContains = 256
    case setEquivalent, setIntersects
    case regexExtract = 264
    case regexExtractAll, regexReplace, regexReplaceLimit

    // Network
    case isIP = 288
    case toIP, ipIsCanonical, ipFamily, ipIsUnspecified, ipIsLoopback, ipIsGlobalUnicast, ipIsLinkLocalMulticast
    case ipIsLinkLocalUnicast, isCIDR, toCIDR, containsIP, containsCIDR, prefixLength, masked, cidrAddress

    // Well-known messages
    case wrapInt32 = 320
    case wrapInt64, wrapUInt32, wrapUInt64, wrapFloat, wrapDouble, wrapBool, wrapString, wrapBytes
    case jsonNull, jsonNumber, jsonString, jsonBool, jsonStruct, jsonList, makeTimestamp, makeDuration, unpackAny
}

extension CELFunction {
    /// How many arguments it takes, its receiver included.
    var arity: Int {
        switch self {
        case .optionalNone: 0
        case .not, .negate, .size, .toInt, .toUint, .toDouble, .toString, .toBool, .toBytes, .toTimestamp, .toDuration, .typeOf, .toDyn,
            .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes, .getSeconds,
            .getMilliseconds, .optionalOf, .optionalOfNonZeroValue, .hasValue, .value, .optionalUnwrap, .lowerAscii, .upperAscii, .trim,
            .join, .quote, .reverse, .greatest, .least, .ceil, .floor, .round, .trunc, .abs, .sign, .isNaN, .isInf, .isFinite,
            .squareRoot, .bitAnd, .bitOr, .bitXor, .bitNot, .base64Encode, .base64Decode, .flatten, .distinct, .sort, .range, .first, .last,
            .isIP, .toIP,
            .ipIsCanonical, .ipFamily, .ipIsUnspecified, .ipIsLoopback, .ipIsGlobalUnicast, .ipIsLinkLocalMulticast,
            .ipIsLinkLocalUnicast, .isCIDR, .toCIDR, .prefixLength, .masked, .cidrAddress, .wrapInt32, .wrapInt64, .wrapUInt32,
            .wrapUInt64, .wrapFloat, .wrapDouble, .wrapBool, .wrapString, .wrapBytes, .jsonNull, .jsonNumber, .jsonString, .jsonBool,
            .jsonStruct, .jsonList:
            1
        case .indexOfFrom, .lastIndexOfFrom, .replace, .splitLimit, .substringTo, .slice, .regexReplace: 3
        case .replaceLimit, .regexReplaceLimit: 4
        default: 2
        }
    }

    /// Whether the result depends on nothing but the arguments. The rules of a time zone are the machine's own.
    var isPure: Bool { !(CELFunction.getFullYearIn.rawValue...CELFunction.getMillisecondsIn.rawValue).contains(rawValue) }
}
