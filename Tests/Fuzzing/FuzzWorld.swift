import Foundation
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine

/// A small organisation with something of everything that bundles hold.
enum FuzzWorld {
    struct NotCompiled: Error {}

    static let documents = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec:
          displayName: Acme
          currency: USD
          subjectAttributes: {projects: {type: stringList}, since: {type: timestamp}, level: {type: int}}
          contextAttributes: {stage: {type: string, values: [draft, final]}, due: {type: timestamp}, score: {type: double}}
          resourceTypes:
            - {name: tool, actions: [call], properties: {size: {type: int}, kind: {type: string, values: [a, b]}}}
            - {name: data, actions: [read], open: true}
        ---
        apiVersion: charter/v1
        kind: Provider
        metadata: {name: p}
        spec: {type: openai, region: eu}
        ---
        apiVersion: charter/v1
        kind: Model
        metadata: {name: p/m}
        spec: {provider: p, upstream: m, tags: [a, b], maxOutput: 9, prices: [{effectiveFrom: 2026-01-01, input: 1, output: 2}]}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: r}
        spec:
          permissions:
            - {actions: ["*"], resources: ["model:*", "tool:x*"], when: 'subject.id.matches("^[a-z]+$")'}
            - {actions: [llm.chat], resources: ["model:p/*", "data:*"]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: t}
        spec: {roles: [r], members: [{user: ada}]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: u}
        spec: {parent: t, members: [{user: bob}]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: a@b.c, identities: [x], attributes: {projects: [k, l], since: 2025-01-01, level: 3}}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: bob}
        spec: {email: b@b.c, roles: [r]}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: q}
        spec:
          type: usage
          match: {teams: [t], not: {tags: [z], roles: [r2]}}
          variables: [{name: v, expression: 'subject.attributes.projects.filter(x, x in ["k", "m"])'}]
          rules:
            - {name: a, when: 'size(variables.v) > 1 || now - subject.attributes.since < duration("1h")', effect: deny, message: '"no " + variables.v[0]'}
            - {name: b, effect: limit, limit: {maxOutputTokens: 5}}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: r2}
        spec: {}
        ---
        apiVersion: charter/v1
        kind: Exemption
        metadata: {name: e}
        spec: {subject: "role:r", policies: [s0], reason: z, approver: ada, expires: 2027-01-01}

        """

    /// Policies that are found by a value of the context, and by a subject.
    private static func policies() -> String {
        (0..<70).map { number in
            """
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: s\(number)}
            spec:
              type: usage
              match: {\(number % 7 == 0 ? "subjects: [\"user:ada\"]" : "roles: [r]")}
              rules: [{name: r, when: 'context.purpose == "p\(number % 9)" && context.inputTokens > \(number)', effect: \(number % 3 == 0 ? "deny" : "warn")}]

            """
        }.joined()
    }

    static func bundle() throws -> [UInt8] {
        let file = DocumentReader.read(Array((documents + policies()).utf8), path: "a.yaml")
        let (governance, diagnostics) = Governance.link([file])
        let origin = BundleOrigin(commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 0)
        let result = PolicyCompiler.compile(
            governance, origin: origin, isLinked: !diagnostics.contains { $0.severity == .error }, now: 0)
        guard let bytes = result.bundle else { throw NotCompiled() }
        return bytes
    }

    static let requests = [
        #"{"subject":{"type":"user","id":"ada"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"p/m","properties":{"region":"eu","x":[1,{"y":null}]}},"context":{"inputTokens":40,"maxOutputTokens":8,"purpose":"p3","stage":"draft","due":"2026-01-31T12:00:00Z","score":1.5e2,"tags":{"a":"b"},"tools":["s"],"findings":[{"detector":"d","count":2}]}}"#,
        #"{"subject":{"type":"user","id":"x","properties":{"é":"\ud83d\ude00\n"}},"action":{"name":"call","properties":{"q":true}},"resource":{"type":"tool","id":"xy","properties":{"size":2,"kind":"a"}}}"#,
        #"{"subject":{"type":"user","id":"bob"},"action":{"name":"read"},"resource":{"type":"data","id":"d","properties":{"free":-0.0}},"context":{}}"#,
        #"{"subject":{"type":"service-account","id":"nobody"},"action":{"name":"other"},"resource":{"type":"planet","id":"earth"}}"#,
    ]

    /// A moment at which the exemption holds.
    static let now: Int64 = 1_780_000_000_000_000_000

    static func writeSeeds(_ folder: String) throws {
        let manager = FileManager.default
        for name in ["bundle", "request"] { try manager.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true) }
        try Data(bundle()).write(to: URL(fileURLWithPath: "\(folder)/bundle/small"))
        for (number, request) in requests.enumerated() {
            try Data(request.utf8).write(to: URL(fileURLWithPath: "\(folder)/request/\(number)"))
        }
    }
}
