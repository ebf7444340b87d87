/// What an evaluation may still spend. Work that grows with its operands is charged for, so that time and memory are bounded by the budget.
struct Meter {
    private(set) var remaining: Int
    private var depth = 0

    /// Levels of nested values that a function may go down into. Inputs may be nested deeper than the stack allows.
    private static let depthLimit = 150

    init(budget: Int) { remaining = budget }

    var isExhausted: Bool { remaining < 0 }

    /// False when the budget does not allow it.
    @discardableResult
    mutating func charge(_ steps: Int) -> Bool {
        guard steps < .max, remaining >= steps else {
            remaining = -1
            return false
        }
        remaining -= steps
        return true
    }

    /// Goes one level down into nested values; false, and the evaluation ends, when they nest too deeply. `leave` goes back up.
    mutating func enter() -> Bool {
        guard depth < Self.depthLimit else { return charge(.max) }
        depth += 1
        return true
    }

    mutating func leave() { depth -= 1 }

    /// Charges for work over bytes of text, which is cheap for each.
    @discardableResult
    mutating func charge(text bytes: Int) -> Bool { charge(bytes / 16) }
}
