import JSON

extension ChangePlan {
    /// The whole plan. Amounts are decimals in the organisation's currency.
    public var json: JSONValue {
        let summary = PlanSummary(self)
        return [
            "base": .string(base), "head": .string(head), "currency": .string(currency),
            "summary": [
                "documents": [
                    "added": .int(Int64(summary.added)), "changed": .int(Int64(summary.changed)), "removed": .int(Int64(summary.removed)),
                ],
                "subjectsGaining": .int(Int64(summary.gaining.count)), "subjectsLosing": .int(Int64(summary.losing.count)),
                "policiesStricter": .int(Int64(summary.stricter)), "policiesLooser": .int(Int64(summary.looser)),
                "exemptionsGranted": .int(Int64(summary.granted)), "exemptionsRevoked": .int(Int64(summary.revoked)),
                "controlsCovered": .int(Int64(summary.covered)), "controlsUncovered": .int(Int64(summary.uncovered)),
                "isDestructive": .bool(isDestructive), "compared": .int(Int64(comparedCount)), "sampled": .int(Int64(sampledCount)),
            ],
            "access": .array(access.map(\.json)), "policies": .array(policies.map(\.json)), "subjects": .array(subjects.map(\.json)),
            "budgets": .array(budgets.map(\.json)),
            "budgetSums": .array(
                budgetSums.map { ["period": .string($0.period), "before": Self.amount($0.before), "after": Self.amount($0.after)] }),
            "exemptions": .array(exemptions.map(\.json)), "controls": .array(controls.map(\.json)),
            "documents": .array(documents.map(\.json)),
        ]
    }

    fileprivate static func amount(_ amount: Int64?) -> JSONValue { amount.map { .decimal(Decimal.text(nanoUnits: $0)) } ?? .null }
}

extension AccessEffect {
    var json: JSONValue {
        [
            "subjects": .array(subjects.map(\.json)), "causes": JSONValue(causes),
            "changes": .array(
                changes.map { change in
                    var object: JSONObject = [
                        "action": .string(change.action), "resource": .string(change.resource), "before": .string(change.before.rawValue),
                        "after": .string(change.after.rawValue),
                    ]
                    if let gained = change.gained { object["gained"] = gained.json }
                    if let lost = change.lost { object["lost"] = lost.json }
                    if change.isSampled { object["sampled"] = true }
                    return .object(object)
                }),
        ]
    }
}

extension AccessEffect.Subject {
    var json: JSONValue { ["type": .string(type), "id": .string(name)] }
}

extension AccessEffect.Witness {
    var json: JSONValue {
        do throws(JSONSyntaxError) {
            return ["request": try JSONParser.parse(request), "time": .int(time)]
        } catch {
            // INVARIANT: it was written by this program.
            return ["request": .string(request), "time": .int(time)]
        }
    }
}

extension PolicyShift {
    var json: JSONValue {
        var object: JSONObject = ["policy": .string(policy), "verdict": .string(verdict)]
        if let stricter { object["stricter"] = stricter.json }
        if let looser { object["looser"] = looser.json }
        return .object(object)
    }
}

extension SubjectChange {
    var json: JSONValue {
        var object: JSONObject = ["subject": subject.json, "action": .string(action.rawValue)]
        for (name, list) in [
            ("rolesGained", rolesGained), ("rolesLost", rolesLost), ("teamsJoined", teamsJoined), ("teamsLeft", teamsLeft),
        ] where !list.isEmpty {
            object[name] = JSONValue(list)
        }
        if let isDisabled { object["disabled"] = .bool(isDisabled) }
        return .object(object)
    }
}

extension BudgetChange {
    var json: JSONValue {
        [
            "budget": .string(name), "scope": .string(scope), "period": .string(period), "before": ChangePlan.amount(before),
            "after": ChangePlan.amount(after),
        ]
    }
}

extension ExemptionChange {
    var json: JSONValue {
        ["exemption": .string(name), "before": before?.json ?? .null, "after": after?.json ?? .null]
    }
}

extension ExemptionChange.Terms {
    var json: JSONValue {
        [
            "subject": .string(subject), "policies": JSONValue(policies), "expires": .string(expires), "approver": .string(approver),
            "reason": .string(reason),
        ]
    }
}

extension ControlChange {
    var json: JSONValue {
        [
            "control": .string(control), "before": before.map { JSONValue($0) } ?? .null, "after": after.map { JSONValue($0) } ?? .null,
        ]
    }
}

extension DocumentChange {
    var json: JSONValue {
        var object: JSONObject = ["document": .string(id), "action": .string(action.rawValue), "source": .string(source)]
        if action == .changed {
            object["fields"] = .array(
                fields.map { ["path": .string($0.path), "before": $0.before ?? .null, "after": $0.after ?? .null] })
        } else if let content = after ?? before {
            object["content"] = content
        }
        return .object(object)
    }
}
