import CEL
import JSON

/// An expression, compiled, run, and told about: `charter cel`.
public struct ExpressionRun: Sendable {
    public var source: String
    public var type: CELType
    public var result: CELValue
    /// The value of every part; when asked for.
    public var explanation: CELExplanation?
    /// The instructions; when asked for.
    public var disassembly: String?
    /// Worst case and what this evaluation took, in steps of the budget; when asked for.
    public var cost: (estimate: CELCostEstimate, actual: Int)?

    /// - Throws: `CELIssues` if the expression does not compile, `CELVerificationError` if the compiler made something that it must not.
    public init(_ source: String, input: ExpressionInput, explains: Bool, disassembles: Bool, costs: Bool) throws {
        self.source = source
        let program = try CELCompiler.compile(source, in: input.environment)
        try CELVerifier.verify(program, slotCount: input.environment.slots.count)
        type = program.resultType
        result = CELMachine.evaluate(program, slots: input.slots)
        if disassembles { disassembly = program.disassembly }
        guard explains || costs else { return }
        let explanation = try CELOracle.explain(source, in: input.environment, slots: input.slots)
        if explains { self.explanation = explanation }
        if costs { cost = (try CELCompiler.estimateCost(source, in: input.environment), explanation.steps) }
    }

    /// The error that the evaluation ended with.
    public var failure: CELError? {
        if case .error(let error) = result { return error }
        return nil
    }

    public var text: String {
        var lines = [failure.map { "error: \($0.message)" } ?? "\(result)"]
        lines[0] += "  (\(type))"
        if let explanation {
            lines.append("")
            for part in explanation.parts {
                let value =
                    part.value.map { if case .error(let error) = $0 { "error: \(error.message)" } else { "\($0)" } } ?? "not evaluated"
                let times = part.evaluations > 1 ? "  (\(part.evaluations) times, the last)" : ""
                lines.append(String(repeating: "  ", count: part.depth) + "\(part.text)  →  \(value)\(times)")
            }
        }
        if let cost {
            lines += ["", "cost: \(cost.actual) steps, at worst \(cost.estimate.isBounded ? "\(cost.estimate.steps)" : "unbounded")"]
        }
        if let disassembly { lines += ["", disassembly] }
        return lines.joined(separator: "\n")
    }

    public var json: JSONValue {
        var object: JSONObject = ["expression": .string(source), "type": .string(type.description)]
        if let failure {
            object["error"] = ["kind": .string(failure.kind.rawValue), "message": .string(failure.message)]
        } else {
            object["result"] = .string("\(result)")
        }
        if let explanation {
            object["parts"] = .array(
                explanation.parts.map {
                    [
                        "text": .string($0.text), "start": .int(Int64($0.range.lowerBound)), "end": .int(Int64($0.range.upperBound)),
                        "depth": .int(Int64($0.depth)), "evaluations": .int(Int64($0.evaluations)),
                        "value": $0.value.map { .string("\($0)") } ?? .null,
                    ]
                })
        }
        if let cost {
            object["cost"] = [
                "steps": .int(Int64(cost.actual)), "worst": cost.estimate.isBounded ? .int(Int64(cost.estimate.steps)) : .null,
            ]
        }
        if let disassembly { object["disassembly"] = .string(disassembly) }
        return .object(object)
    }
}

extension CELIssues {
    /// The issues for people, with the place in the source under a caret.
    public func text(source: String) -> String {
        issues.map { issue in
            let before = String(decoding: source.utf8.prefix(issue.range.lowerBound), as: UTF8.self)
            let lineStart = before.lastIndex(of: "\n").map { before.index(after: $0) } ?? before.startIndex
            let line = source.split(separator: "\n", omittingEmptySubsequences: false)[before.count(where: { $0 == "\n" })]
            let indent = before[lineStart...].unicodeScalars.count
            let marked = String(decoding: source.utf8.dropFirst(issue.range.lowerBound).prefix(issue.range.count), as: UTF8.self)
            let width = max(1, min(marked.unicodeScalars.count, line.unicodeScalars.count - indent))
            let help = issue.help.map { "\n  help: \($0)" } ?? ""
            return
                "error: \(issue.message)\n  \(line)\n  \(String(repeating: " ", count: indent))\(String(repeating: "^", count: width))\(help)"
        }.joined(separator: "\n")
    }

    public var json: JSONValue {
        .array(
            issues.map { issue in
                [
                    "kind": .string("\(issue.kind)"), "message": .string(issue.message), "start": .int(Int64(issue.range.lowerBound)),
                    "end": .int(Int64(issue.range.upperBound)), "help": issue.help.map { .string($0) } ?? .null,
                ]
            })
    }
}
