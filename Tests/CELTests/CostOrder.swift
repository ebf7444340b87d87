/// What the steps of the machine have to do with those of the oracle, which takes one for each node and each turn of a loop. Both are charged
/// the same for work over texts and collections.
enum CostOrder {
    /// Words for a step of the oracle, at most. The dearest is the turn of a `map` over an optional field of a record, `l.map(x, r.?f)`: ten
    /// words against two steps. Random expressions stay below four.
    static let words = 5
    /// Words for the result, and for the defaults of a message's fields.
    static let fixedWords = 16

    /// How many times more steps of the oracle are clearly more. The branches of an expression may take five words for a step and two, so
    /// that the machine rightly finds the opposite up to a factor of two and a half; and what one branch repeats two or three times the
    /// machine computes once. Random expressions do show that with a factor of two.
    static let clearFactor = 6
    /// Steps within which the words that each branch has for itself may count for more.
    static let clearSteps = 20

    static func isClear(_ one: Int, _ other: Int) -> Bool { max(one, other) > min(one, other) * clearFactor + clearSteps }

    /// What is wrong with the steps of one evaluation.
    static func excess(_ result: Subject.Result) -> String? {
        guard !result.isExhausted else { return nil }
        if result.machineSteps > result.oracleSteps * words + fixedWords {
            return "the machine took \(result.machineSteps) steps, the oracle \(result.oracleSteps)"
        }
        // The graph is charged for turns and texts only.
        return result.isGraphWithinOracle ? nil : "the graph took more steps than the oracle, \(result.oracleSteps)"
    }

    /// What is wrong with the steps on two inputs. It is not enough that the machine does not find the opposite: a loop that it was not
    /// charged for would cost the same on all.
    static func reversal(_ one: Subject.Result, _ other: Subject.Result) -> String? {
        guard !one.isExhausted, !other.isExhausted else { return nil }
        let (more, less) = one.oracleSteps > other.oracleSteps ? (one, other) : (other, one)
        guard isClear(one.oracleSteps, other.oracleSteps), less.machineSteps >= more.machineSteps else { return nil }
        return
            "the machine took \(more.machineSteps) and \(less.machineSteps) steps, the oracle \(more.oracleSteps) and \(less.oracleSteps)"
    }
}
