import JSON
import PolicyEngine
import Testing

/// A policy made from a template decides as the same policy written by hand.
@Suite struct TemplateDecisionTests {
    /// A parameter with a value, and how a person would write that value into a condition.
    private struct Parameter {
        var type: String
        var yaml: String
        var literal: String

        static func any(_ random: inout Noise) -> Parameter {
            switch random.below(6) {
            case 0:
                let number = random.one([-7, -1, 0, 1, 3, 1200, Int.min])
                return Parameter(type: "int", yaml: "\(number)", literal: "int(\"\(number)\")")
            case 1:
                let text = random.one(["0.5", "-0.25", "1e3", "0", "7"])
                return Parameter(type: "double", yaml: text, literal: "double(\"\(text)\")")
            case 2: return Parameter(type: "bool", yaml: random.one(["true", "false"]), literal: "")
            case 3:
                let texts = random.some(["internal", "public", "a'b", "a\"b", "\\", "atlas", "${x}"], most: 3)
                return Parameter(
                    type: "stringList", yaml: "[" + texts.map(quoted).joined(separator: ", ") + "]",
                    literal: "[" + texts.map(spelled).joined(separator: ", ") + "]")
            case 4:
                let text = random.one(["2026-01-31", "2026-06-01T12:30:00+02:00", "1969-12-31T23:59:59Z"])
                return Parameter(
                    type: "timestamp", yaml: quoted(text), literal: "timestamp(\"\(text.count == 10 ? text + "T00:00:00Z" : text)\")")
            default:
                let text = random.one(["internal", "public", "ada", "a'b", "\"", "\\n", "\n", "café", "", "${x}", "//", "r'"])
                return Parameter(type: "string", yaml: quoted(text), literal: spelled(text))
            }
        }

        /// A condition on the value, and the same one with what stands for it.
        func condition(_ random: inout Noise, _ value: String) -> String {
            switch type {
            case "int":
                return random.one([
                    "context.inputTokens > \(value)", "context.inputTokens-\(value) < 1000", "-\(value) + subject.attributes.level > 0",
                    "[\(value), 3].exists(n, n == subject.attributes.level)", "{\(value): true}[3]",
                ])
            case "double":
                return random.one(["context.score >= \(value)", "context.score * \(value) > 1.0", "string(\(value)) == \"0.5\""])
            case "bool":
                return random.one(["\(value)", "!\(value)", "\(value) && context.humanReview", "\(value)?has(context.score):true"])
            case "stringList":
                return random.one([
                    "context.dataClassification in \(value)", "\(value).exists(t, t in subject.attributes.projects)", "size(\(value)) > 1",
                    "\(value)[0] == context.purpose",
                ])
            case "timestamp":
                return random.one(["now >= \(value)", "subject.attributes.since < \(value)", "\(value).getFullYear() == 2026"])
            default:
                return random.one([
                    "context.purpose == \(value)", "context.purpose.startsWith(\(value))", "subject.id+\(value) == context.purpose",
                    "\(value) in {\"ada\": 1, \(value): 2}",
                ])
            }
        }

        /// As JSON, which YAML reads too.
        private static func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }

        /// A string literal made of code points alone.
        private static func spelled(_ text: String) -> String {
            "'"
                + text.unicodeScalars.map {
                    "\\U" + String(repeating: "0", count: 8 - String($0.value, radix: 16).count) + String($0.value, radix: 16)
                }
                .joined() + "'"
        }
    }

    /// The same policy in both ways.
    private struct Twins {
        var template: String
        var use: String
        var written: String

        init(_ random: inout Noise, name: String) {
            let parameters = (0..<1 + random.below(3)).map { _ in Parameter.any(&random) }
            var (bodyRules, writtenRules): ([String], [String]) = ([], [])
            for (number, parameter) in parameters.enumerated() {
                var again = random
                let holder = parameter.condition(&random, "${p\(number)}")
                let literal = parameter.type == "bool" ? parameter.yaml : parameter.literal
                let condition = parameter.condition(&again, literal)
                let effect = random.one(["deny", "warn"])
                func rule(_ condition: String) -> String {
                    "    - {name: r\(number), effect: \(effect), when: \(JSONWriter.text(.string(condition))), message: '\"m\"'}"
                }
                bodyRules.append(rule(holder))
                writtenRules.append(rule(condition))
            }
            let enforcement = random.one(["strict", "warning", "monitor"])
            let actions = random.one(["[\"llm.*\"]", "[llm.chat]", "[llm.chat, tool.call]"])
            let isOwn = random.isOnce(in: 2)
            func spec(_ rules: [String], _ enforcement: String, _ actions: String) -> String {
                "type: usage\n  enforcement: \(enforcement)\n  match: {actions: \(actions)}\n  rules:\n" + rules.joined(separator: "\n")
            }
            func document(_ kind: String, _ name: String, _ spec: String) -> String {
                "apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec:\n  \(spec)\n"
            }
            // What the policy says itself goes before what the template says.
            let body = spec(bodyRules, isOwn ? "strict" : enforcement, isOwn ? "[read]" : actions)
            let declared = parameters.enumerated().map { "    - {name: p\($0), type: \($1.type)}" }.joined(separator: "\n")
            template = document(
                "PolicyTemplate", name,
                "parameters:\n\(declared)\n  policy:\n    " + body.split(separator: "\n").joined(separator: "\n  "))
            let given = parameters.enumerated().map { "p\($0): \($1.yaml)" }.joined(separator: ", ")
            let own = isOwn ? "enforcement: \(enforcement)\n  match: {actions: \(actions)}\n  " : ""
            use = document("Policy", name, own + "template: {name: \(name), with: {\(given)}}")
            written = document("Policy", name, spec(writtenRules, enforcement, actions))
        }
    }

    private static func request(_ random: inout Noise) -> JSONValue {
        var context: JSONObject = [:]
        if random.below(4) > 0 { context["inputTokens"] = .int(Int64(random.one([0, 2, 1201, 5000]))) }
        if random.below(4) > 0 { context["dataClassification"] = .string(random.one(["public", "internal", "restricted"])) }
        if random.below(4) > 0 {
            context["purpose"] = .string(random.one(["ada", "a'b", "\"", "café", "", "\n", "adaada", "internal", "${x}"]))
        }
        if random.below(3) > 0 { context["score"] = .decimal(random.one(["0.5", "1000.5", "-3"])) }
        if random.below(2) > 0 { context["humanReview"] = .bool(random.isOnce(in: 2)) }
        return TestEngine.request(
            random.one(["ada", "joan"]), random.one(["llm.chat", "llm.embed"]), random.one(["openai/gpt", "anthropic/claude"]),
            context: context)
    }

    @Test func `a policy made from a template decides as if it were written out`() throws {
        var random = Noise(seed: 7)
        let base = try CaseTests.text("base.yaml")
        var tally: [String: Int] = [:]
        for world in 0..<12 {
            let twins = (0..<10).map { Twins(&random, name: "p\($0)") }
            let made = try TestEngine.compile(
                ["base.yaml": base, "made.yaml": twins.flatMap { [$0.template, $0.use] }.joined(separator: "---\n")])
            let written = try TestEngine.compile(["base.yaml": base, "written.yaml": twins.map(\.written).joined(separator: "---\n")])
            for _ in 0..<60 {
                let request = Self.request(&random)
                let now = Int64(random.one([0, 1_780_272_000, 1_900_000_000])) * 1_000_000_000
                let (a, b) = (try made.decide(request, now: now, id: "x"), try written.decide(request, now: now, id: "x"))
                #expect(Self.withoutSources(a) == Self.withoutSources(b), "world \(world): \(JSONWriter.text(request))")
                tally[a.isAllowed ? "allowed" : "denied", default: 0] += 1
                if !a.warnings.isEmpty { tally["warned", default: 0] += 1 }
                if !a.errors.isEmpty { tally["error", default: 0] += 1 }
            }
        }
        #expect(Set(tally.keys) == ["allowed", "denied", "warned", "error"], "\(tally)")
    }

    private static func withoutSources(_ decision: Decision) -> Decision {
        var decision = decision
        func strip(_ reasons: inout [Decision.Reason]) { for number in reasons.indices { reasons[number].source = nil } }
        strip(&decision.reasons)
        strip(&decision.warnings)
        strip(&decision.records)
        for number in decision.errors.indices { decision.errors[number].source = "" }
        decision.bundleDigest = ""
        return decision
    }

    @Test func `a reason names the policy and the rule's line in the template`() throws {
        let template = """
            apiVersion: charter/v1
            kind: PolicyTemplate
            metadata: {name: t}
            spec:
              policy:
                type: usage
                rules:
                  - name: always
                    effect: deny
            """
        let use = "apiVersion: charter/v1\nkind: Policy\nmetadata: {name: p}\nspec: {template: {name: t}}\n"
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "t.yaml": template, "p.yaml": use])
        let reason = try #require(try engine.decide(TestEngine.request("ada", "llm.chat", "openai/gpt"), now: 0, id: "x").reasons.first)
        #expect(reason.policy == "p" && reason.rule == "always" && reason.source == "t.yaml:8")
    }

    // MARK: Values that would be more than values

    /// Pieces of which attempts to break out are made.
    private static let pieces = [
        "\"", "'", "\\", "\"\"\"", "'''", " || true || ", ") || (", "//", "\n", "\r", "\t", "${v}", "$${", "}", "r\"", "b'", "`",
        "\u{2028}", "\u{85}",
        "\u{7f}", "\u{1}", "é", "e\u{301}", "\u{1F469}\u{200D}\u{1F4BB}", "\\\"", "\\u0022", "x", "+", "#", ": ", "{{", "--- ", "*a", "&a",
        "!", "%",
    ]

    /// In YAML, made of code points alone.
    private static func escaped(_ text: String) -> String {
        "\""
            + text.unicodeScalars.map {
                "\\U" + String(repeating: "0", count: 8 - String($0.value, radix: 16).count) + String($0.value, radix: 16)
            }
            .joined() + "\""
    }

    @Test func `no text that is given for a parameter becomes anything but that text`() throws {
        var random = Noise(seed: 11)
        var values: [String] = []
        for _ in 0..<120 {
            let value = (0..<1 + random.below(5)).map { _ in random.one(Self.pieces) }.joined()
            if !values.contains(where: { $0.utf8.elementsEqual(value.utf8) }) { values.append(value) }
        }
        // Every way in which a value can be put in; `context.purpose` is what it is compared with.
        let ways = [
            "context.purpose == ${v}", "\"${v}\" == context.purpose", "'${v}' == context.purpose", "\"\"\"${v}\"\"\" == context.purpose",
            "'''${v}''' == context.purpose", "context.purpose in [${v}]", "context.purpose in ${w}",
            "\"<${v}>\" == \"<\" + context.purpose + \">\"",
            "context.purpose == /* */ ${v}".replacing("/* */ ", with: "// ${v}\n"),
        ]
        var documents = ways.enumerated().map { number, way in
            """
            apiVersion: charter/v1
            kind: PolicyTemplate
            metadata: {name: way\(number)}
            spec:
              parameters: [{name: v, type: string}, {name: w, type: stringList}]
              policy:
                type: usage
                description: "${v}"
                rules:
                  - {name: same, effect: deny, when: \(JSONWriter.text(.string(way))), message: \(JSONWriter.text(.string("\"${v}\" + string(size(${w}))")))}

            """
        }
        for (number, value) in values.enumerated() {
            let text = Self.escaped(value)
            documents.append(
                """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: p\(number)}
                spec: {template: {name: way\(number % ways.count), with: {v: \(text), w: [\(text)]}}}

                """)
        }
        let engine = try TestEngine.compile([
            "base.yaml": CaseTests.text("base.yaml"), "made.yaml": documents.joined(separator: "---\n"),
        ])
        for (number, value) in (values + ["true", ""]).enumerated() {
            let request = TestEngine.request("ada", "llm.chat", "openai/gpt", context: ["purpose": .string(value)])
            let decision = try engine.decide(request, now: 0, id: "x")
            #expect(decision.reasons.compactMap(\.policy) == (number < values.count ? ["p\(number)"] : []), "\(value.debugDescription)")
            #expect(decision.errors.isEmpty)
            if let message = decision.reasons.first?.message { #expect(message.utf8.elementsEqual((value + "1").utf8)) }
        }
    }
}
