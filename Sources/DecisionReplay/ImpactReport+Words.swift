import JSON

/// What both forms for people have in common.
extension ImpactReport {
    /// `3 of 1,000 decisions (0.30 %)`.
    func portion(_ count: Int) -> String {
        "\(count.grouped) of \(replayedCount.grouped) decision\(replayedCount == 1 ? "" : "s") (\(count.share(of: replayedCount)))"
    }

    func words(_ cost: Cost) -> String {
        let unknown = cost.unknownCount == 0 ? "" : ", and \(cost.unknownCount.grouped) of unknown cost"
        return "\(cost.text) \(currency)\(unknown)"
    }

    /// How the cost of what is allowed moves.
    var spendingMove: String {
        let move = spending.head.nanoUnits - spending.base.nanoUnits
        let sign = move > 0 ? "+" : ""
        return "\(words(spending.base)) → \(words(spending.head)) (\(sign)\(Decimal.text(sumOfNanoUnits: move)) \(currency))"
    }

    /// Why lines were not replayed.
    var faultWords: String {
        let words: [(Fault.Kind, String)] = [
            (.malformed, "no record of a decision"), (.undecidable, "with a request that neither side can read"),
            (.masked, "masked where it may matter"),
        ]
        return words.compactMap { kind, text in
            let count = faultCounts[kind] ?? 0
            return count == 0 ? nil : "\(count.grouped) \(text)"
        }.joined(separator: ", ")
    }

    /// What differs where the answer stays; empty if nothing does.
    var differingWords: String {
        let words: [(Part, String)] = [
            (.reasons, "denied for other reasons"), (.obligations, "with other obligations"), (.warnings, "with other warnings"),
            (.records, "with other records of monitoring policies"),
        ]
        return words.compactMap { part, text in
            let count = differing[part] ?? 0
            return count == 0 ? nil : "\(count.grouped) \(text)"
        }.joined(separator: ", ")
    }
}

extension ImpactReport.Side {
    var name: String { commit.map { String($0.prefix(12)) } ?? "files on disk" }
}

extension ImpactReport.Cause {
    /// Its code, and what it is about.
    var words: (code: String, about: String) {
        if let policy, let rule { return (code, "\(policy)/\(rule)") }
        if let resource { return (code, "\(action ?? "other actions") on \(resource)") }
        return (code, detail ?? "")
    }
}

extension ImpactReport.Shift {
    /// `+12 -3 ~1`.
    var counts: String {
        [("+", gained), ("-", lost), ("~", changed)].filter { $0.1 > 0 }.map { $0.0 + $0.1.grouped }.joined(separator: " ")
    }
}
