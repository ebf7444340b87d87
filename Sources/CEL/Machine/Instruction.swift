/// The instruction set.
///
/// A program is one array of 32-bit words. A word is an operation in its low 8 bits and operands above:
///
///     bits   0–7        8–15   16–23   24–31
///            operation  a      b       c           three registers
///            operation  a      k (16 bits)         a register and a number: a constant, a slot, a function, a distance
///            operation  d (24 bits, signed)        a distance alone
///
/// Registers hold any value; a register that was never written holds null. A distance counts words from the one after the instruction.
/// Only `jump` goes backwards. Every instruction takes any value in its registers: what it cannot use becomes an error value.
/// Every word costs one step of the budget; work that grows with its operands costs more.
///
/// Numbers are part of the format of a program: they keep their meaning.
enum Operation: UInt8, CaseIterable {
    /// `result r[a]`. Ends the evaluation.
    case finish = 1
    /// `r[a] = constants[k]`
    case constant
    /// `r[a] = r[b]`
    case move
    /// `r[a] = slots[k]`, and the next word is skipped; when the slot is absent, the next word is executed.
    case slot
    /// `r[a] =` whether slot k is present.
    case hasSlot
    /// `r[a] =` the error that there is no key named by the string constant k.
    case missing
    /// `r[a] =` the error that nothing is called by the string constant k.
    case unbound
    /// `r[a] =` the error that the function named by the string constant k does not take these operands.
    case noOverload

    /// `d`
    case jump = 16
    /// To `k` if `r[a]` is true.
    case jumpIfTrue
    /// To `k` if `r[a]` is false.
    case jumpIfFalse
    /// To `k` if `r[a]` is an error.
    case jumpIfError
    /// If `r[a]` is no bool, makes it an error and goes to `k`.
    case condition

    /// `r[a] = r[a] && r[b]`: false if either is, else an error if either is no bool.
    case and = 32
    /// `r[a] = r[a] || r[b]`: true if either is, else an error if either is no bool.
    case or

    /// `r[a] = r[b] op r[c]`
    case add = 48
    case subtract, multiply, divide, modulo, equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn
    /// `r[a] = r[b][r[c]]`; on an optional, an optional.
    case index
    /// `r[a] =` the optional of `r[b][r[c]]`.
    case optionalIndex
    /// `r[a] = op r[b]`
    case not, negate

    /// `r[a] = r[a].field`, the string constant k.
    case field = 80
    /// `r[a] =` the optional of `r[a].field`.
    case optionalField
    /// `r[a] = has(r[a].field)`
    case hasField

    /// `r[a] = []`, with room for k.
    case newList = 96
    /// Appends `r[b]` to the list `r[a]`; an error takes the list's place.
    case append
    /// Appends what is in the optional `r[b]`, if anything.
    case appendOptional
    /// `r[a] = {}`
    case newMap
    /// Adds the entry `r[b]: r[c]` to the map `r[a]`; an error takes the map's place.
    case insert
    /// Adds `r[b]:` what is in the optional `r[c]`, if anything.
    case insertOptional
    /// Adds all entries of the map `r[b]` to the map `r[a]`.
    case merge

    /// Starts iterating over `r[a]`: `r[a+1] = -1`. If it is no list or map, makes it an error and goes to `k`.
    case loopBegin = 112
    /// `r[a+1] += 1`, `r[a+2] =` that element of a list or key of a map; to `k` if there is none.
    case loopNext
    /// `r[a+1] += 1`, `r[a+2] =` the index or key, `r[a+3] =` the element or value; to `k` if there is none.
    case loopNextPair
    /// `r[a] += 1` if `r[b]` is true; an error takes its place unless `r[b]` is a bool.
    case count
    /// `r[a] = r[a] == 1`; an error stays.
    case isOne
    /// `r[a+1] =` what is in the optional `r[a]`; to `k` if nothing is, or if it is no optional and so an error.
    case unwrap

    /// `r[a] = functions[k](r[a], r[a+1], …)`, as many as the function takes.
    case call = 128
}

/// Reading and writing of words.
struct Instruction {
    var word: UInt32

    init(word: UInt32) { self.word = word }

    init(_ operation: Operation, _ a: Int, _ b: Int, _ c: Int = 0) {
        word =
            UInt32(operation.rawValue) | UInt32(UInt8(truncatingIfNeeded: a)) << 8 | UInt32(UInt8(truncatingIfNeeded: b)) << 16
            | UInt32(UInt8(truncatingIfNeeded: c)) << 24
    }

    init(_ operation: Operation, _ a: Int, number: Int) {
        word = UInt32(operation.rawValue) | UInt32(UInt8(truncatingIfNeeded: a)) << 8 | UInt32(UInt16(truncatingIfNeeded: number)) << 16
    }

    init(_ operation: Operation, distance: Int) {
        word = UInt32(operation.rawValue) | UInt32(bitPattern: Int32(truncatingIfNeeded: distance)) << 8
    }

    var operation: Operation? { Operation(rawValue: UInt8(truncatingIfNeeded: word)) }
    var a: Int { Int(word >> 8 & 0xFF) }
    var b: Int { Int(word >> 16 & 0xFF) }
    var c: Int { Int(word >> 24) }
    var number: Int { Int(word >> 16) }
    var distance: Int { Int(Int32(bitPattern: word) >> 8) }
}
