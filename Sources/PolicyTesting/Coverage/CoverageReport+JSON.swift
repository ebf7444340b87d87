import JSON

extension CoverageReport {
    /// `{percent, rules: {hit, total}, branches: {hit, total}, files: [{path, rules, branches, entries, predicates}]}`
    public var json: JSONValue {
        [
            "percent": .decimal(Decimal.normalise(sum.percent) ?? "0"), "rules": ruleSum.json, "branches": branchSum.json,
            "files": .array(files.map(\.json)),
        ]
    }
}

extension CoverageReport.Sum {
    var json: JSONValue { ["hit": .int(Int64(hit)), "total": .int(Int64(total))] }
}

extension CoverageReport.File {
    var json: JSONValue {
        [
            "path": .string(path), "rules": ruleSum.json, "branches": branchSum.json, "entries": .array(rules.map(\.json)),
            "predicates": .array(predicates.map(\.json)),
        ]
    }
}

extension CoverageReport.Rule {
    var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "name": .string(name), "line": .int(Int64(span.line)), "held": .int(Int64(heldCount)),
            "failed": .int(Int64(failedCount)), "error": .int(Int64(errorCount)),
        ]
    }
}

extension CoverageReport.Predicate {
    var json: JSONValue {
        [
            "of": .string(owner), "line": .int(Int64(span.line)), "column": .int(Int64(span.column)), "text": .string(text),
            "true": .int(Int64(trueCount)), "false": .int(Int64(falseCount)), "error": .int(Int64(errorCount)),
        ]
    }
}
