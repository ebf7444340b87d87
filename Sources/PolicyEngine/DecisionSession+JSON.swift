import JSON
import PolicyBundle

/// The decision as JSON, written without a detour: byte for byte what `Decision.json` gives.
extension DecisionSession {
    /// Writes what was decided last.
    ///
    /// - Parameter id: the decision's id, in ASCII without anything to be escaped.
    /// - Returns: bytes that stay until the next call.
    public func json(id: String) -> UnsafeRawBufferPointer {
        var id = id
        return id.withUTF8 { json(id: UnsafeRawBufferPointer($0)) }
    }

    /// The same, from an id in bytes.
    public func json(id: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if !isPlain() { return plainly(id: String(decoding: id, as: UTF8.self)) }
        output.reset()
        output.write("{\"id\":\"")
        output.write(id)
        output.write(state.pointee.isAllowed ? "\",\"decision\":true,\"reasons\":[" : "\",\"decision\":false,\"reasons\":[")
        if let refusal = refusal() {
            output.write(JSONWriter.text(refusal.json))
            output.write("]")
            if request.pointee.refusal != .none { return finish() }
        } else {
            writeList(.reasons)
            output.write("]")
        }
        writeSection(.warnings, "warnings")
        writeSection(.records, "records")
        if let cost = request.pointee.cost {
            output.write(",\"estimate\":{\"cost\":")
            writeDecimal(cost)
            output.write("}")
        }
        return finish()
    }

    /// Whether the decision has neither obligations, errors nor exemptions: those are put together as a whole.
    private func isPlain() -> Bool {
        guard hits.pointee.permissionErrors.isEmpty, hits.pointee.exemptions.isEmpty else { return false }
        for number in 0..<hits.pointee.ruleCount {
            let hit = hits.pointee.rules[number]
            if hit.isError || placement(hit).isObligation { return false }
        }
        return true
    }

    private func plainly(id: String) -> UnsafeRawBufferPointer {
        output.reset()
        JSONWriter.bytes(decision(id: id).json).withUnsafeBytes { output.write($0) }
        return output.written
    }

    private func finish() -> UnsafeRawBufferPointer {
        output.write(",\"bundle\":{\"digest\":\"sha256:")
        output.write(engine.digest)
        output.write("\",\"commit\":\"")
        output.writeEscaped(engine.commit)
        output.write("\"}}")
        return output.written
    }

    func placement(_ hit: HitBuffer.Rule) -> Placement {
        let records = engine.records
        return Placement(
            enforcement: records.word(.poli, Int(hit.policy), PolicyColumn.enforcement),
            effect: Effect(rawValue: records.word(.rule, Int(hit.rule), RuleColumn.effect)) ?? .deny, isError: hit.isError)
    }

    private func writeSection(_ list: Placement.List, _ name: StaticString) {
        for number in 0..<hits.pointee.ruleCount where placement(hits.pointee.rules[number]).list == list {
            output.write(",\"")
            output.write(name)
            output.write("\":[")
            writeList(list)
            output.write("]")
            return
        }
    }

    private func writeList(_ list: Placement.List) {
        var isFirst = true
        for number in 0..<hits.pointee.ruleCount {
            let hit = hits.pointee.rules[number]
            let placement = placement(hit)
            guard placement.list == list else { continue }
            if !isFirst { output.write(",") }
            isFirst = false
            write(hit, placement)
        }
    }

    private func write(_ hit: HitBuffer.Rule, _ placement: Placement) {
        let records = engine.records
        let policy = records.record(.poli, Int(hit.policy))
        let rule = records.record(.rule, Int(hit.rule))
        func text(_ string: UInt32) -> UnsafeRawBufferPointer { records.text(Int(string)) }
        output.write("{\"code\":\"")
        output.write(placement.code.rawValue)
        output.write("\",\"message\":\"")
        writeMessage(hit, policy[PolicyColumn.name.rawValue], rule)
        output.write("\",\"policy\":\"")
        output.writeEscaped(text(policy[PolicyColumn.name.rawValue]))
        output.write("\",\"rule\":\"")
        output.writeEscaped(text(rule[RuleColumn.name.rawValue]))
        output.write("\",\"severity\":\"")
        output.writeEscaped(text(policy[PolicyColumn.severity.rawValue]))
        output.write("\"")
        let controls = Int(policy[PolicyColumn.controlCount.rawValue])
        if controls > 0 {
            let list = records.words(.list) + Int(policy[PolicyColumn.controls.rawValue])
            for number in 0..<controls {
                output.write(number == 0 ? ",\"controls\":[\"" : ",\"")
                output.writeEscaped(text(list[number]))
                output.write("\"")
            }
            output.write("]")
        }
        output.write(",\"source\":\"")
        let source = records.words(.srce) + Int(rule[RuleColumn.source.rawValue]) * 3
        output.writeEscaped(text(source[0]))
        output.write(":")
        output.write(Int64(source[1]))
        output.write("\"}")
    }

    private func writeMessage(_ hit: HitBuffer.Rule, _ policyName: UInt32, _ rule: UnsafePointer<UInt32>) {
        let records = engine.records
        if rule[RuleColumn.message.rawValue] == BundleFormat.none {
            output.write("rule `")
            output.writeEscaped(records.text(Int(rule[RuleColumn.name.rawValue])))
            output.write("` of policy `")
            output.writeEscaped(records.text(Int(policyName)))
            output.write("`")
            return
        }
        let message = Int(rule[RuleColumn.message.rawValue])
        if records.word(.poli, Int(hit.policy), PolicyColumn.variableCount) > 0 {
            evaluateVariables(Int(hit.policy))
        } else if case .value = engine.bundle.conditions.evaluate(message, activation), let text = activation.bytes(of: activation.lastCell)
        {
            output.writeEscaped(text)
            return
        }
        output.writeEscaped(
            ruleMessage(
                hit, policyName: engine.bundle.string(.poli, Int(hit.policy), PolicyColumn.name),
                ruleName: engine.bundle.string(.rule, Int(hit.rule), RuleColumn.name)))
        if !scratch.pointee.failedVariables.isEmpty { scratch.pointee.failedVariables.removeAll() }
    }

    /// A count of 10⁻⁹ units in plain decimal notation.
    private func writeDecimal(_ nanoUnits: Int64) {
        let magnitude = nanoUnits.magnitude
        if nanoUnits < 0 { output.write("-") }
        output.write(Int64(magnitude / 1_000_000_000))
        var fraction = magnitude % 1_000_000_000
        guard fraction > 0 else { return }
        output.write(".")
        var unit: UInt64 = 100_000_000
        while fraction > 0 {
            output.write(Int64(fraction / unit))
            fraction %= unit
            unit /= 10
        }
    }
}
