import JSON
import PolicyBundle
import PolicyEngine

/// What a bundle holds, for showing it.
public struct BundleSummary: Sendable {
    /// Names and values in the order in which they are shown.
    public var facts: [(name: String, value: JSONValue)]
    public var policies: [(name: String, type: String, rules: Int, source: String)]
    public let sections: BundleSections
    public let index: MatchIndexSummary
    /// Where it was asked for.
    public let disassembly: BundleDisassembly?

    /// - Parameter disassembles: whether to show every condition too.
    public init(_ engine: PolicyEngine, disassembles: Bool = false) {
        let bundle = engine.bundle
        sections = BundleSections(bundle)
        index = MatchIndexSummary(bundle)
        disassembly = disassembles ? BundleDisassembly(bundle) : nil
        func count(_ section: BundleSection) -> JSONValue { .int(Int64(bundle.count(section))) }
        facts = [
            ("digest", .string("sha256:\(engine.digest)")), ("commit", .string(engine.commit)), ("tree", .string(bundle.meta(.tree))),
            ("organization", .string(bundle.meta(.organization))), ("currency", .string(bundle.meta(.currency))),
            ("compiler", .string(bundle.meta(.compiler))), ("formatVersion", .int(Int64(BundleFormat.version))),
            ("bytes", .int(Int64(bundle.size))), ("documents", .int(Int64(bundle.word(.meta, 0, MetaColumn.documents)))),
            ("subjects", count(.subj)), ("teams", count(.team)), ("roles", count(.role)), ("permissions", count(.perm)),
            ("providers", count(.prov)), ("models", count(.modl)), ("policies", count(.poli)), ("rules", count(.rule)),
            ("exemptions", count(.exem)), ("conditions", count(.prog)), ("conditionBytes", .int(Int64(bundle.count(.code) * 8))),
            ("strings", .int(Int64(bundle.count(.strx) - 1))),
        ]
        policies = (0..<bundle.count(.poli)).map { row in
            let place = bundle.source(bundle.index(.poli, row, PolicyColumn.source))
            return (
                bundle.string(.poli, row, PolicyColumn.name), bundle.string(.poli, row, PolicyColumn.typeName),
                bundle.index(.poli, row, PolicyColumn.ruleCount), "\(place.path):\(place.line)"
            )
        }
    }

    public var json: JSONValue {
        var object = JSONObject(facts.map { ($0.name, $0.value) })
        object["policyList"] = .array(
            policies.map {
                ["name": .string($0.name), "type": .string($0.type), "rules": .int(Int64($0.rules)), "source": .string($0.source)]
            })
        object["sections"] = sections.json
        object["matchIndex"] = index.json
        if let disassembly { object["conditionList"] = disassembly.json }
        return .object(object)
    }

    public var text: String {
        let lines = facts.map { fact in
            let value = fact.value.stringValue ?? JSONWriter.text(fact.value)
            return fact.name + String(repeating: " ", count: 16 - fact.name.count) + value
        }
        let list = policies.map { "  \($0.name) (\($0.type), \($0.rules) rule\($0.rules == 1 ? "" : "s"))  \($0.source)" }
        let size = ["", "sections:"] + sections.lines(limit: disassembly == nil ? 6 : .max)
        let found = ["", "match index:"] + index.lines
        let all = lines + size + found + (list.isEmpty ? [] : ["", "policies:"] + list) + (disassembly?.lines ?? [])
        return all.map(\.printable).joined(separator: "\n")
    }
}
