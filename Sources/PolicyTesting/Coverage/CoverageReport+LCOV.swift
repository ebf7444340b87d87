extension CoverageReport {
    /// A tracefile as `geninfo(1)` of LCOV describes it, for `genhtml` and for services that show coverage.
    ///
    /// A rule is a function, executed as often as it held. A line is one on which a rule or a predicate begins, executed as often as that was tried. A
    /// predicate is a block of two branches: true, then false.
    ///
    /// - Parameter root: the folder that paths begin in, as seen from where the tracefile is read; empty for that place itself.
    public func lcov(root: String = "") -> String {
        let prefix = root.isEmpty || root.hasSuffix("/") ? root : root + "/"
        return files.reduce("") { $0 + Self.lcov($1, prefix) }
    }

    private static func lcov(_ file: File, _ prefix: String) -> String {
        var text = "TN:\nSF:\(prefix)\(file.path)\n"
        for rule in file.rules { text += "FN:\(rule.span.line),\(rule.name)\n" }
        for rule in file.rules { text += "FNDA:\(rule.heldCount),\(rule.name)\n" }
        text += "FNF:\(file.ruleSum.total)\nFNH:\(file.ruleSum.hit)\n"
        var blocks: [Int: Int] = [:]
        for predicate in file.predicates {
            let (line, block) = (predicate.span.line, blocks[predicate.span.line, default: 0])
            blocks[line] = block + 1
            for (number, count) in [predicate.trueCount, predicate.falseCount].enumerated() {
                // What was never evaluated could not go either way.
                text += "BRDA:\(line),\(block),\(number),\(predicate.evaluationCount == 0 ? "-" : String(count))\n"
            }
        }
        text += "BRF:\(file.branchSum.total)\nBRH:\(file.branchSum.hit)\n"
        let lines = lines(file)
        for (line, count) in lines { text += "DA:\(line),\(count)\n" }
        return text + "LF:\(lines.count)\nLH:\(lines.count { $0.count > 0 })\nend_of_record\n"
    }

    private static func lines(_ file: File) -> [(line: Int, count: Int)] {
        let tried =
            file.rules.map { ($0.span.line, $0.triedCount) } + file.predicates.map { ($0.span.line, $0.evaluationCount) }
        return Dictionary(tried) { max($0, $1) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
