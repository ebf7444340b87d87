/// The instruction set of the graph: the part of an expression that runs without allocation.
///
/// An instruction is two 64-bit words:
///
///     bits     0–7        8–15     16–31   32–47   48–63
///     word 0   operation  flags    a       b       c
///     word 1   t (0–15)   f (16–31)   e (32–47)   unused
///
/// `a` and `b` number cells of the frame: the slots, then the registers. `c` numbers a cell, a constant (by word), a pattern or a function.
/// `t`, `f` and `e` are where to go on: when the predicate holds or the work is done, when it does not hold, and on an error, which then is
/// pending. There is no falling through; `!` has no instruction, as it swaps `t` and `f`, and `&&`, `||` and `?:` are exits alone.
/// A target from `GraphExit.first` on ends the evaluation. Whatever an instruction cannot decide (a value of another type than it was made
/// for, an optional) ends in `GraphExit.general`: the general machine then evaluates the whole expression, which has no effects, again.
///
/// Numbers are part of the format of a program: they keep their meaning.
enum GraphOperation: UInt8, CaseIterable {
    /// To `t`.
    case jump
    /// To `e` if cell a is absent.
    case require
    /// Whether cell a is true.
    case isTrue
    /// Whether cell a is present.
    case isPresent
    /// Cell a with the integer constant c; `flags` say what was compared, before it was turned round to be one of these.
    case intEqual, intLess, intLessOrEqual
    /// Cell a with the double constant c, as `flags` say.
    case compareDouble
    /// Whether cell a is the text constant c.
    case textEqual
    /// Whether cell a is in the set of texts, or of integers, at constant c.
    case inTextSet, inIntSet
    /// Cell a and the text constant c.
    case startsWith, endsWith, contains
    /// Cells a and b.
    case startsWithCell, endsWithCell, containsCell
    /// Whether pattern c is found in cell a.
    case matches
    /// Cells a and b, as `flags` say.
    case compare
    /// Cell a and the constant c, as `flags` say.
    case compareConstant
    /// Whether cell a is in the list, or is a key of the map, in cell b.
    case isIn
    /// Whether the map in cell a has the key that is text constant c.
    case hasField

    /// Cell a = constant c.
    case load
    /// Cell a = cell b, which must not be absent.
    case move
    /// Cell a = the value in the map in cell b under the key that is text constant c.
    case field
    /// Cell a = cell b[cell c].
    case index
    /// Cell a = cell b + - * / % cell c, as `flags` say.
    case arithmetic
    /// Cell a = -cell b.
    case negate
    /// Cell a = size(cell b).
    case size
    /// Cell a = function c (cell b, the cells after it).
    case call
    /// Cell a = whether `flags` are not 0.
    case setBool

    /// Starts on the list or map in cell b: cell a = it, a + 1 = the position 0, a + 2 = no error yet.
    case loopBegin
    /// a + 3 = the next element or key, to `t`; to `f` when there is none.
    case loopNext
    /// a + 3 = the next index or key, a + 4 = the element or value.
    case loopNextPair
    /// Keeps the pending error in cell a, unless one is there already.
    case keepError
    /// To `e` with the error in cell a, if there is one.
    case checkError
    /// Forgets the pending error: something absorbed it.
    case clearError
    /// Adds one to cell a.
    case increment
    /// The result is in cell a.
    case finish
}

/// Targets that end an evaluation.
enum GraphExit {
    static let first: UInt16 = 0xFFF0
    static let budget: UInt16 = 0xFFFA
    static let value: UInt16 = 0xFFFB
    static let general: UInt16 = 0xFFFC
    static let error: UInt16 = 0xFFFD
    static let isFalse: UInt16 = 0xFFFE
    static let isTrue: UInt16 = 0xFFFF

    static let all = [budget, value, general, error, isFalse, isTrue]
}

/// What `flags` of a comparison say.
enum GraphCondition: UInt8 {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

    /// The bit that says that `t` and `f` were swapped.
    static let swapped: UInt8 = 8

    /// The condition with its operands exchanged.
    var mirrored: GraphCondition {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }

    func holds(_ order: CELOrder) -> Bool {
        switch self {
        case .equal: order == .same
        case .notEqual: order != .same
        case .less: order == .less
        case .lessOrEqual: order != .greater
        case .greater: order == .greater
        case .greaterOrEqual: order != .less
        }
    }
}

/// Errors that may be pending in the graph, as small numbers.
enum GraphError {
    private static let kinds: [CELError.Kind] = [
        .noSuchKey, .noSuchOverload, .divideByZero, .overflow, .invalidArgument, .conversion, .duplicateKey, .undeclared, .pattern, .budget,
        .malformed,
    ]
    static let noSuchKey: UInt64 = 1
    static let divideByZero: UInt64 = 3
    static let overflow: UInt64 = 4
    static let invalidArgument: UInt64 = 5

    static func code(_ kind: CELError.Kind) -> UInt64 { UInt64((kinds.firstIndex(of: kind) ?? kinds.count - 1) + 1) }

    static func kind(_ code: UInt64) -> CELError.Kind {
        switch code {
        case noSuchKey: .noSuchKey
        case 2: .noSuchOverload
        case divideByZero: .divideByZero
        case overflow: .overflow
        case invalidArgument: .invalidArgument
        case 6: .conversion
        case 7: .duplicateKey
        case 8: .undeclared
        case 9: .pattern
        case 10: .budget
        default: .malformed
        }
    }
}
