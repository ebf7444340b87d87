import CEL
import JSON

extension ImpactReport {
    /// The report for programs.
    ///
    /// - Parameters:
    ///   - most: how many of each list are written; their whole lengths stand beside them.
    ///   - failures: why the check fails.
    public func json(most: Int, failures: [String] = []) -> JSONValue {
        var records: JSONObject = ["lines": .count(lineCount), "replayed": .count(replayedCount)]
        for kind in Fault.Kind.allCases { records[kind.rawValue] = .count(faultCounts[kind] ?? 0) }
        if let times {
            records["since"] = .time(times.lowerBound)
            records["until"] = .time(times.upperBound)
        }
        records["answeredOtherwise"] = .count(unlikeRecordedCount)
        var same: JSONObject = ["allowed": .count(stillAllowedCount), "denied": .count(stillDeniedCount)]
        for part in Part.allCases { same[part.rawValue] = .count(differing[part] ?? 0) }
        same["ruleCount"] = .count(shifts.count)
        same["rules"] = .array(shifts.prefix(most).map(\.json))
        return [
            "base": base.json, "head": head.json, "records": .object(records), "newDenials": newDenials.json(most: most),
            "newPermissions": newPermissions.json(most: most), "same": .object(same),
            "cost": ["currency": .string(currency), "base": spending.base.json, "head": spending.head.json],
            "faults": .array(faults.map { ["line": .count($0.line), "kind": .string($0.kind.rawValue), "detail": .string($0.detail)] }),
            "passed": .bool(failures.isEmpty), "failures": JSONValue(failures),
        ]
    }
}

extension JSONValue {
    fileprivate static func count(_ count: Int) -> JSONValue { .int(Int64(count)) }

    /// - Parameter nanoseconds: since 1970.
    fileprivate static func time(_ nanoseconds: Int64) -> JSONValue { .string(CELTimestamp(nanosecondsSince1970: nanoseconds).text) }
}

extension ImpactReport.Side {
    fileprivate var json: JSONValue { ["commit": commit.map { .string($0) } ?? .null, "digest": .string("sha256:\(digest)")] }
}

extension ImpactReport.Cost {
    fileprivate var json: JSONValue { ["sum": .decimal(text), "unknown": .count(unknownCount)] }
}

extension ImpactReport.Cause {
    /// - Parameter isCounted: whether it stands for many records.
    fileprivate func json(isCounted: Bool) -> JSONValue {
        var object: JSONObject = ["code": .string(code)]
        let texts = [
            ("policy", policy), ("rule", rule), ("source", source), ("action", action), ("resource", resource), ("detail", detail),
        ]
        for (name, text) in texts { if let text { object[name] = .string(text) } }
        if isCounted { object["count"] = .count(count) }
        return .object(object)
    }
}

extension ImpactReport.Flips {
    fileprivate func json(most: Int) -> JSONValue {
        [
            "count": .count(count), "cost": cost.json, "causeCount": .count(causes.count),
            "causes": .array(causes.prefix(most).map { $0.json(isCounted: true) }), "subjectCount": .count(subjects.count),
            "subjects": .array(
                subjects.prefix(most).map {
                    ["type": .string($0.type), "id": .string($0.name), "count": .count($0.count), "cost": $0.cost.json]
                }),
            "teamCount": .count(teams.count),
            "teams": .array(
                teams.prefix(most).map {
                    ["name": .string($0.name), "subjects": .count($0.subjects), "count": .count($0.count), "cost": $0.cost.json]
                }),
            "examples": .array(examples.map(\.json)),
        ]
    }
}

extension ImpactReport.Example {
    fileprivate var json: JSONValue {
        [
            "line": .count(line), "time": .time(at), "subject": .string(subject), "action": .string(action), "resource": .string(resource),
            "causes": .array(causes.map { $0.json(isCounted: false) }),
        ]
    }
}

extension ImpactReport.Shift {
    fileprivate var json: JSONValue {
        [
            "part": .string(part.rawValue), "policy": .string(policy), "rule": .string(rule), "gained": .count(gained),
            "lost": .count(lost), "changed": .count(changed),
        ]
    }
}
