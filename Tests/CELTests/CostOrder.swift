/// What the steps of the machine have to do with those of the oracle, which takes one for each node and each turn of a loop. Both are charged
/// the same for work over texts and collections.
enum CostOrder {
    /// Words for a step of the oracle, at most. The dearest is the turn of a `map` over an optional field of a record, `l.map(x, r.?f)`: ten
    /// words against two steps. Random expressions stay below four.
    static let words = 5
    /// Words for the result, and for the defaults of a message's fields.
    static let fixedWords = 16

    /// How many times more steps of the oracle are clearly more. With five words for one step and two for another, which the branches of
    /// an expression may well take, the machine can rightly find the opposite up to a factor of two and a half; with a factor of two, random
    /// expressions show that, with four none does.
    static let clearFactor = 4
    /// Steps for what is folded, or computed before, and so costs the machine nothing.
    static let clearSteps = 20

    static func isClear(_ one: Int, _ other: Int) -> Bool { max(one, other) > min(one, other) * clearFactor + clearSteps }

    /// What is wrong with the steps of one evaluation.
    static func excess(_ result: Subject.Result) -> String? {
        if result.machineSteps > result.oracleSteps * words + fixedWords {
            return "the machine took \(result.machineSteps) steps, the oracle \(result.oracleSteps)"
        }
        // The graph is charged for turns and texts only.
        return result.isGraphWithinOracle ? nil : "the graph took more steps than the oracle, \(result.oracleSteps)"
    }

    /// What is wrong with the steps on two inputs. It is not enough that the machine does not find the opposite: a loop that it was not
    /// charged for would cost the same on all.
    static func reversal(_ one: Subject.Result, _ other: Subject.Result) -> String? {
        let (more, less) = one.oracleSteps > other.oracleSteps ? (one, other) : (other, one)
        guard isClear(one.oracleSteps, other.oracleSteps), less.machineSteps >= more.machineSteps else { return nil }
        return
            "the machine took \(more.machineSteps) and \(less.machineSteps) steps, the oracle \(more.oracleSteps) and \(less.oracleSteps)"
    }
}
