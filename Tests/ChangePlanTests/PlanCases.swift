import ChangePlan
import Diagnostics
import GovernanceModel
import PolicyCompiler
import Testing

/// Versions of a small organisation, of which the cases change a part.
struct PlanCase {
    static let now: Int64 = 1_767_225_600_000_000_000

    /// Documents by what the cases call them.
    static let documents: [String: String] = [
        "organization": """
        kind: Organization
        metadata: {name: acme}
        spec:
          displayName: Acme
          currency: EUR
          subjectAttributes: {region: {type: string, values: [eu, us]}}
          resourceTypes: [{name: tool, actions: [tool.call]}]
        """,
        "ada": """
        kind: User
        metadata: {name: ada}
        spec: {email: ada@acme.example, displayName: Ada, roles: [analyst], attributes: {region: eu}}
        """,
        "bob": """
        kind: User
        metadata: {name: bob}
        spec: {email: bob@acme.example, displayName: Bob, attributes: {region: us}}
        """,
        "analyst": """
        kind: Role
        metadata: {name: analyst}
        spec: {description: Reads., permissions: [{actions: [llm.chat], resources: ["model:one/*"]}]}
        """,
        "team": """
        kind: Team
        metadata: {name: research}
        spec: {displayName: Research, members: [{user: bob, role: member}]}
        """,
        "provider": """
        kind: Provider
        metadata: {name: one}
        spec: {type: openai}
        """,
        "small": """
        kind: Model
        metadata: {name: one/small}
        spec: {provider: one, upstream: s, regions: [eu], prices: [{effectiveFrom: "2025-01-01", input: 1, output: 2}]}
        """,
        "large": """
        kind: Model
        metadata: {name: one/large}
        spec: {provider: one, upstream: l, regions: [us], tags: [premium], prices: [{effectiveFrom: "2025-01-01", input: 10, output: 20}]}
        """,
        "policy": """
        kind: Policy
        metadata: {name: classified}
        spec:
          type: security
          rules: [{name: restricted, when: 'context.dataClassification == "restricted"', effect: deny}]
          controls: [iso/A.5]
        """,
        "budget": """
        kind: Budget
        metadata: {name: research-month}
        spec: {scope: {team: research}, period: month, limit: 100}
        """,
        "framework": """
        kind: ComplianceFramework
        metadata: {name: iso}
        spec: {displayName: ISO, controls: [{id: A.5, title: Policies}, {id: A.8, title: Assets}]}
        """,
    ]

    /// The documents with some replaced, removed (by an empty text) or added.
    static func version(_ changes: [String: String] = [:], name: String = "x") throws -> ChangePlan.Version {
        let files = documents.merging(changes) { $1 }.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        let parsed = files.map { DocumentReader.read(Array("apiVersion: charter/v1\n\($0.value)\n".utf8), path: "\($0.key).yaml") }
        let (governance, diagnostics) = Governance.link(parsed)
        let origin = BundleOrigin(commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 0)
        let result = PolicyCompiler.compile(governance, origin: origin, isLinked: !diagnostics.hasErrors, now: now / 1_000_000_000)
        guard let bundle = result.bundle else {
            throw NotCompiled(description: HumanRenderer(color: false, sources: [:]).render(diagnostics + result.diagnostics))
        }
        return ChangePlan.Version(name: name, governance: governance, bundle: bundle)
    }

    struct NotCompiled: Error, CustomStringConvertible {
        var description: String
    }

    static func plan(_ changes: [String: String], from base: [String: String] = [:]) throws -> ChangePlan {
        try ChangePlan(from: try version(base, name: "main"), to: try version(changes, name: "change"), now: now)
    }
}
