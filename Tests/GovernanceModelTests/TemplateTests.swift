import Diagnostics
import JSON
import Testing

@testable import GovernanceModel

/// Templates and their uses, and what comes of them.
@Suite struct TemplateTests {
    /// A template's spec, a policy's spec, and the policy's as JSON or the codes and messages of what is found.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var template: String
        var policy: String
        var expected: String

        var testDescription: String { name }
    }

    static let cases = expanded + refusedUses + refusedTemplates

    static let expanded: [Case] = [
        Case(
            name: "a value that is all of a field keeps its type",
            template: """
                parameters: [{name: tokens, type: int}, {name: teams, type: stringList}, {name: severity, type: string}]
                policy:
                  type: usage
                  severity: ${severity}
                  match: {teams: "${teams}"}
                  rules: [{name: r, effect: limit, limit: {maxOutputTokens: "${tokens}"}}]
                """,
            policy: "{template: {name: t, with: {tokens: 0x10, teams: ['a*', b], severity: high}}}",
            expected:
                #"{"type":"usage","severity":"high","match":{"teams":["a*","b"]},"rules":[{"name":"r","effect":"limit","limit":{"maxOutputTokens":16}}]}"#
        ),
        Case(
            name: "a value in a condition is a literal of its type",
            template: """
                parameters:
                  - {name: text, type: string}
                  - {name: whole, type: int}
                  - {name: part, type: double}
                  - {name: flag, type: bool}
                  - {name: time, type: timestamp}
                  - {name: span, type: duration}
                  - {name: list, type: stringList}
                policy:
                  type: usage
                  rules:
                    - {name: a, when: "subject.id == ${text} && estimate.inputTokens > ${whole} && estimate.cost > ${part}", effect: deny}
                    - {name: b, when: "${flag} || now > ${time} + ${span} || subject.id in ${list}", effect: deny}
                """,
            policy:
                #"{template: {name: t, with: {text: "a\"b", whole: -5, part: 2, flag: true, time: 2026-01-31, span: 90m, list: [x, "y'"]}}}"#,
            expected: #"""
                {"type":"usage","rules":[{"name":"a","when":"subject.id == \"a\\\"b\" && estimate.inputTokens > (-5) && estimate.cost > 2.0","effect":"deny"},{"name":"b","when":"true || now > timestamp(\"2026-01-31T00:00:00Z\") + duration(\"5400000ms\") || subject.id in [\"x\", \"y\\'\"]","effect":"deny"}]}
                """#
        ),
        Case(
            name: "a value between quotes of a condition is text of that literal",
            template: """
                parameters: [{name: most, type: int}, {name: word, type: string}]
                policy:
                  type: usage
                  rules: [{name: r, effect: deny, message: '"at most ${most} of ${word}" + string(estimate.cost)'}]
                """,
            policy: #"{template: {name: t, with: {most: 5, word: "\"+\"\\"}}}"#,
            expected:
                #"{"type":"usage","rules":[{"name":"r","effect":"deny","message":"\"at most 5 of \\\"+\\\"\\\\\" + string(estimate.cost)"}]}"#
        ),
        Case(
            name: "a value in a text is text",
            template: """
                parameters: [{name: most, type: double}, {name: flag, type: bool}, {name: from, type: string}]
                policy:
                  type: cost
                  description: at most $${x} ${most}, ${flag}
                  match: {models: ["${from}/*"]}
                  rules: [{name: "r-${from}", effect: deny}]
                """,
            policy: "{template: {name: t, with: {most: 1e3, flag: false, from: openai}}}",
            expected:
                #"{"type":"cost","description":"at most ${x} 1000, false","match":{"models":["openai/*"]},"rules":[{"name":"r-openai","effect":"deny"}]}"#
        ),
        Case(
            name: "the items of a list take the place of an item",
            template: """
                parameters: [{name: more, type: stringList}, {name: one, type: string}]
                policy:
                  type: usage
                  match: {not: {roles: [first, "${more}", "${one}"]}}
                  rules: [{name: r, effect: deny}]
                """,
            policy: "{template: {name: t, with: {more: [a, b], one: c}}}",
            expected: #"{"type":"usage","match":{"not":{"roles":["first","a","b","c"]}},"rules":[{"name":"r","effect":"deny"}]}"#),
        Case(
            name: "an empty list of exceptions excepts nobody",
            template: """
                parameters: [{name: roles, type: stringList, default: []}, {name: teams, type: stringList, default: []}]
                policy:
                  type: usage
                  match: {actions: ["llm.*"], not: {roles: "${roles}", teams: ["${teams}"]}}
                  rules: [{name: r, effect: deny}]
                """,
            policy: "{template: {name: t}}",
            expected: #"{"type":"usage","match":{"actions":["llm.*"],"not":{}},"rules":[{"name":"r","effect":"deny"}]}"#),
        Case(
            name: "what the policy says itself goes before what the template says",
            template: """
                policy:
                  type: usage
                  description: of the template
                  enforcement: strict
                  match: {actions: ["llm.*"], teams: [a], not: {roles: [x], teams: [y]}}
                  rules: [{name: r, effect: deny}]
                  controls: [soc2/a, soc2/b]
                """,
            policy: """
                {type: cost, description: own, enforcement: monitor, severity: low, match: {teams: [b], not: {roles: [z]}},
                  template: {name: t}, controls: [soc2/b, soc2/c]}
                """,
            expected: #"""
                {"type":"cost","description":"own","enforcement":"monitor","severity":"low","match":{"actions":["llm.*"],"teams":["b"],"not":{"teams":["y"],"roles":["z"]}},"rules":[{"name":"r","effect":"deny"}],"controls":["soc2/a","soc2/b","soc2/c"]}
                """#
        ),
        Case(
            name: "a match of the policy alone, an escape in a condition, and defaults",
            template: """
                parameters: [{name: name, type: string, default: '}${name}'}]
                policy:
                  type: usage
                  rules: [{name: r, when: "subject.id == '$${name}' + ${name} // ${name}'", effect: deny}]
                """,
            policy: "{match: {actions: [a]}, template: {name: t}}",
            expected: #"""
                {"type":"usage","match":{"actions":["a"]},"rules":[{"name":"r","when":"subject.id == '${name}' + \"}${name}\" // \"}${name}\"'","effect":"deny"}]}
                """#
        ),
    ]

    private static let cap = """
        parameters:
          - {name: most, type: double, minimum: 0, maximum: 1}
          - {name: word, type: string, default: ab, values: [ab, cd]}
          - {name: names, type: stringList, default: [ab], pattern: "[a-z]+", minItems: 1, maxItems: 2}
        policy:
          type: cost
          rules: [{name: r, when: "estimate.cost > ${most} && subject.id in ${names} && action.name == ${word}", effect: deny}]
        """

    static let refusedUses: [Case] =
        [
            ("{}", "CH1702 the template `t` needs the parameter `most`"),
            ("{most: 0.5, wrod: ab}", "CH1701 the template `t` has no parameter `wrod` (did you mean `word`?)"),
            ("{most: '0.5'}", "CH1703 the parameter `most` must be a number, found the text `0.5`"),
            ("{most: .inf}", "CH1703 the parameter `most` must be a number, found the number `.inf`"),
            ("{most: }", "CH1703 the parameter `most` must be a number, found nothing"),
            ("{most: 1.5}", "CH1704 the parameter `most` must be at most `1`, found `1.5`"),
            ("{most: -1}", "CH1704 the parameter `most` must be at least `0`, found `-1`"),
            ("{most: 1, word: ac}", "CH1704 the parameter `word` cannot be `ac` (did you mean `ab`?)"),
            ("{most: 1, word: 1}", #"CH1703 the parameter `word` must be a text, found the number `1` (put it in quotes: "1")"#),
            ("{most: 1, names: ab}", "CH1703 the parameter `names` must be a list of texts, found the text `ab` (put it in brackets)"),
            ("{most: 1, names: [1]}", "CH1703 the parameter `names` must be a list of texts, found a list"),
            ("{most: 1, names: [ab, 'a b']}", "CH1704 the parameter `names` cannot be `a b`, which does not match `[a-z]+`"),
            ("{most: 1, names: []}", "CH1704 the parameter `names` must have at least 1 item, found 0"),
            ("{most: 1, names: [a, b, c]}", "CH1704 the parameter `names` must have at most 2 items, found 3"),
        ].map { Case(name: $0.0, template: cap, policy: "{template: {name: t, with: \($0.0)}}", expected: $0.1) } + [
            Case(
                name: "variables beside a template", template: cap,
                policy: "{variables: [{name: a, expression: '1'}], template: {name: t, with: {most: 1}}}",
                expected: "CH1207 `spec.variables` has no meaning beside `template` (remove one of the two)"),
            Case(
                name: "rules beside a template", template: cap,
                policy: "{type: cost, rules: [{name: r, effect: deny}], template: {name: t}}",
                expected: "CH1207 `spec` takes only one of `rules`, `template`"),
            Case(
                name: "rules without a type", template: cap, policy: "{rules: [{name: r, effect: deny}]}",
                expected: "CH1205 the field `spec.type` is missing (`rules` needs `type` beside it)"),
            Case(
                name: "a value that its field does not take",
                template: """
                    parameters: [{name: severity, type: string}]
                    policy: {type: cost, severity: "${severity}", rules: [{name: r, effect: deny}]}
                    """, policy: "{template: {name: t, with: {severity: hihg}}}",
                expected: "CH1207 `spec.severity` cannot be `hihg` (did you mean `high`?)"),
            Case(
                name: "an empty list where one is needed",
                template: """
                    parameters: [{name: teams, type: stringList}]
                    policy: {type: cost, match: {teams: "${teams}"}, rules: [{name: r, effect: deny}]}
                    """, policy: "{template: {name: t, with: {teams: []}}}",
                expected: "CH1207 `spec.match.teams` must have at least 1 entry"),
        ]

    static let refusedTemplates: [Case] =
        [
            (
                "[{name: a b, type: int, default: 1}]", "true",
                "CH1208 `a b` cannot name a parameter (letters, digits and `_`, not beginning with a digit)"
            ),
            (
                "[{name: a, type: int}, {name: a, type: int}]", "${a} > 1",
                "CH1306 the parameter `a` is declared twice (rename one of the two)"
            ),
            ("[{name: a, type: int, default: '1'}]", "${a} > 1", "CH1703 the parameter `a` must be an integer, found the text `1`"),
            ("[{name: a, type: int, default: 9, maximum: 5}]", "${a} > 1", "CH1704 the parameter `a` must be at most `5`, found `9`"),
            ("[{name: a, type: int, default: 9, values: [1]}]", "${a} > 1", "CH1704 the parameter `a` cannot be `9` (one of `1`)"),
            ("[{name: a, type: int, values: [x]}]", "${a} > 1", "CH1703 the parameter `a` must be an integer, found the text `x`"),
            ("[{name: a, type: int, minimum: x}]", "${a} > 1", "CH1703 the limits of `a` must be an integer, found the text `x`"),
            (
                "[{name: a, type: int, minimum: 2, maximum: 1}]", "${a} > 1",
                "CH1705 the `minimum` of `a` is above its `maximum`: no value is allowed"
            ),
            ("[{name: a, type: bool, minimum: 2}]", "${a}", "CH1705 `minimum` has no meaning for `a`, which is of type `bool` (remove it)"),
            (
                "[{name: a, type: int, references: Role}]", "${a} > 1",
                "CH1705 `a` is of type `int` and cannot name documents (make it a `string` or a `stringList`, or remove `references`)"
            ),
            (
                "[{name: a, type: string, pattern: 'a)(b'}]", "${a} == ''",
                "CH1501 invalid pattern: unexpected ): a)(b (the syntax is RE2's: no look-around, no back-references)"
            ),
            (
                "[{name: a, type: int}]", "true",
                "CH1707 nothing in the template uses the parameter `a` (remove it, or write `${a}` where it belongs)"
            ),
            ("[]", "${a}", "CH1701 the template has no parameter `a` (declare it in `parameters`; the text `${` is written `$${`)"),
            (
                "[]", "'${'",
                "CH1706 `${` begins no placeholder in `spec.policy.rules[0].when` (a placeholder is `${name}`; the text `${` is written `$${`)"
            ),
            ("[{name: a, type: string}]", "subject.${a} == 1", misplaced), ("[{name: a, type: string}]", "subject_${a} == 1", misplaced),
            ("[{name: a, type: string}]", "r'${a}' == ''", misplaced), ("[{name: a, type: string}]", "b'${a}' == b''", misplaced),
            ("[{name: a, type: string}]", "''${a} == ''", misplaced),
            ("[{name: a, type: string}]", "${a}'' == ''", misplaced), ("[{name: a, type: string}]", "subject.`${a}` == 1", misplaced),
            ("[{name: a, type: stringList}]", "'${a}' == ''", "CH1706 the list `a` cannot be put into a text"),
        ].map { Case(name: "\($0.0) \($0.1)", template: template($0.0, $0.1), policy: "", expected: $0.2) }
        + [
            ("match: {teams: '${a}'}", "CH1706 `spec.policy.match.teams` must be a list, the parameter `a` is a text"),
            ("match: '${a}'", "CH1706 `spec.policy.match` must be a mapping, the parameter `a` is a text"),
            ("'${a}': {}", "CH1706 a parameter cannot stand in the name of a field (write a field for each case, or a template)"),
            ("template: {name: '${a}'}", "CH1708 a template cannot be made from a template (write the rules of the other one out)"),
            ("mach: {teams: ['${a}']}", "CH1204 the field `mach` does not exist in `spec.policy` (did you mean `match`?)"),
        ].map {
            Case(
                name: $0.0, template: template("[{name: a, type: string}]", "${a} == ''") + "\n  \($0.0)", policy: "", expected: $0.1)
        } + [
            Case(
                name: "each of the values is tried in the body",
                template: """
                    parameters: [{name: severity, type: string, default: low, values: [low, hihg]}]
                    policy: {type: cost, severity: "${severity}", rules: [{name: r, effect: deny}]}
                    """, policy: "", expected: "CH1207 `spec.policy.severity` cannot be `hihg` (did you mean `high`?)"),
            Case(
                name: "a template without rules", template: "policy: {type: cost}", policy: "",
                expected: "CH1205 `spec.policy` needs `rules`"),
        ]

    private static let misplaced = "CH1706 `${a}` must stand by itself, as a value would, or in a text between quotes without a prefix"

    private static func template(_ parameters: String, _ condition: String) -> String {
        """
        parameters: \(parameters)
        policy:
          type: cost
          rules: [{name: r, when: "\(condition)", effect: deny}]
        """
    }

    private static func document(_ kind: String, _ name: String, _ spec: String) -> ParsedFile {
        let indented = spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
        return DocumentReader.read(
            Array("apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec:\n\(indented)\n".utf8), path: "\(name).yaml")
    }

    /// Codes and messages of what is wrong with templates and their uses; what the names in them refer to is not there.
    private static func text(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.inReadingOrder().filter { ![.organizationCount, .unresolvedReference, .unmatchedGlob].contains($0.code) }.map {
            "\($0.code.rawValue) \($0.message)" + ($0.help.map { " (\($0))" } ?? "")
        }.joined(separator: "\n")
    }

    @Test(arguments: cases) func `a template and its use come to what is expected`(_ given: Case) throws {
        var files = [Self.document("PolicyTemplate", "t", given.template)]
        if !given.policy.isEmpty { files.append(Self.document("Policy", "p", given.policy)) }
        let (governance, diagnostics) = Governance.link(files)
        let found = Self.text(diagnostics)
        if !found.isEmpty {
            // Helps that only repeat the schema are not part of what is expected.
            #expect(found == given.expected || found.hasPrefix(given.expected + " (add `"))
            return
        }
        let policy = try #require(governance.policies.first)
        #expect(JSONWriter.text(.object(policy.json)) == given.expected)
        let declared = try #require(governance.find(.policy, "p"))
        #expect(declared.json["template"] != nil, "the database keeps what git says")
    }

    @Test func `findings show the use and the template`() throws {
        let files = [
            Self.document("PolicyTemplate", "t", Self.cap), Self.document("Policy", "p", "{template: {name: t, with: {most: 7}}}"),
        ]
        let found = try #require(Governance.link(files).diagnostics.first { $0.code == .parameterValue })
        #expect(found.span == SourceSpan(path: "p.yaml", line: 5, column: 37, endLine: 5, endColumn: 38))
        #expect(found.related.map(\.span) == [SourceSpan(path: "t.yaml", line: 6, column: 14, endLine: 6, endColumn: 18)])
    }

    @Test func `the rules of an expanded policy stand in the template, the policy where it uses it`() throws {
        let files = [
            Self.document("PolicyTemplate", "t", Self.cap), Self.document("Policy", "p", "{template: {name: t, with: {most: 1}}}"),
        ]
        let governance = Governance.link(files).governance
        let document = try #require(governance.policies.first)
        #expect(document.span.path == "p.yaml" && document.line == 1)
        let rule = try #require(Policy(spec: document.spec).rules.first)
        #expect(rule.name.span == SourceSpan(path: "t.yaml", line: 11, column: 20, endLine: 11, endColumn: 21))
        let insertions = try #require(rule.when?.insertions)
        let text = try #require(rule.when?.value)
        // `subject.id` comes after `${most}`, which became longer or shorter.
        let place = try #require(text.range(of: "subject.id"))
        let range =
            text.utf8.distance(
                from: text.startIndex, to: place.lowerBound)..<text.utf8.distance(from: text.startIndex, to: place.upperBound)
        let written = insertions.written(range)
        #expect(String(decoding: Array(insertions.written.utf8)[written], as: UTF8.self) == "subject.id")
    }

    @Test func `what is put in is limited`() {
        let names = (0..<60_000).map { "n\($0)" }.joined(separator: ", ")
        let template = """
            parameters: [{name: a, type: stringList}]
            policy:
              type: cost
              rules: [{name: r, when: "subject.id in ${a} || subject.id in ${a} || subject.id in ${a}", effect: deny}]
            """
        let files = [
            Self.document("PolicyTemplate", "t", template), Self.document("Policy", "p", "{template: {name: t, with: {a: [\(names)]}}}"),
        ]
        let found = Governance.link(files).diagnostics.map(\.code)
        #expect(found.contains(.expansionLimit) && !found.contains(.parameterType))
    }
    @Test func `a template that is long and used often is limited as a whole`() throws {
        let template = Self.document("PolicyTemplate", "t", "policy: {type: usage, rules: [{name: r, effect: deny}]}")
        let policies = (0..<40).map { Self.document("Policy", "p\($0)", "template: {name: t}") }
        let linked = LinkedVersion([template] + policies, expansionLimit: 1_000)
        let governance = linked.governance
        let refused = linked.diagnostics.filter { $0.code == .expansionLimit }
        #expect(!refused.isEmpty && refused.count < 40)
        // Those that come last by name.
        let names = governance.policies.map(\.plainName)
        let expanded = governance.policies.count { $0.templateUse != nil }
        #expect(expanded + refused.count == 40)
        #expect(refused.map(\.span.path).sorted() == names.suffix(refused.count).map { "\($0).yaml" }.sorted())
        // Which ones are refused depends on all, so that the next version is linked as a whole.
        #expect(linked.next(removing: [], adding: [Self.document("Role", "r", "{}")]) == nil)
        #expect(LinkedVersion([template] + policies).next(removing: [], adding: [Self.document("Role", "r", "{}")]) != nil)
    }

    @Test(.timeLimit(.minutes(5))) func `very many parameters, values and items are checked in reasonable time`() {
        let names = (0..<1_000).map { "n\($0)" }
        let list = names.joined(separator: ", ")
        let parameters = names.map { "{name: \($0), type: int, default: 1}" }.joined(separator: ", ")
        let many = Self.document(
            "PolicyTemplate", "many",
            "parameters: [\(parameters)]\npolicy: {type: usage, rules: [{name: r, when: '${n0} > 1', effect: deny}]}")
        #expect(many.diagnostics.count == 999)
        let values = Self.document(
            "PolicyTemplate", "values",
            "parameters: [{name: a, type: stringList, values: [\(list)], pattern: 'n[0-9]+'}]\n"
                + "policy: {type: usage, rules: [{name: r, when: 'subject.id in ${a}', effect: deny}]}")
        let uses = [
            Self.document("Policy", "a", "template: {name: many, with: {\(names.map { "x\($0): 1" }.joined(separator: ", "))}}"),
            Self.document("Policy", "b", "template: {name: values, with: {a: [\(names.map { "x\($0)" }.joined(separator: ", "))]}}"),
        ]
        let found = Governance.link([many, values] + uses).diagnostics
        #expect(found.count { $0.code == .unknownParameter } == 1_000)
        #expect(found.count { $0.code == .parameterValue } == 2_000)
    }
}
