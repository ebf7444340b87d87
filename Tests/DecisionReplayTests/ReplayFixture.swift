import DecisionReplay
import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import Testing

/// Two versions of a small organisation, and logs of requests to it.
enum ReplayFixture {
    /// What both versions have: ada and alan in teams, grace in none, and a worker.
    static let organisation = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec:
          displayName: Acme
          currency: EUR
          resourceTypes: [{name: doc, actions: [read, write]}]
        ---
        apiVersion: charter/v1
        kind: Provider
        metadata: {name: openai}
        spec: {type: openai}
        ---
        apiVersion: charter/v1
        kind: Model
        metadata: {name: openai/small}
        spec: {provider: openai, upstream: small, maxOutput: 1000, prices: [{effectiveFrom: "2026-01-01", input: 1, output: 2}]}
        ---
        apiVersion: charter/v1
        kind: Model
        metadata: {name: openai/large}
        spec: {provider: openai, upstream: large, maxOutput: 1000, prices: [{effectiveFrom: "2026-01-01", input: 10, output: 20}]}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: reader}
        spec: {permissions: [{actions: [read], resources: ["doc:*"]}]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: science}
        spec: {members: [{user: alan}]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: physics}
        spec: {parent: science, members: [{user: ada}]}

        """

    static let users = """
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: ada@acme.example, roles: [caller, reader]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: alan}
        spec: {email: alan@acme.example, roles: [caller]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: grace}
        spec: {email: grace@acme.example, roles: [caller]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: worker}
        spec: {owner: ada, roles: [caller]}

        """

    static func role(_ resources: String = "model:*") -> String {
        """
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: caller}
        spec: {permissions: [{actions: ["llm.*"], resources: ["\(resources)"]}]}

        """
    }

    /// - Parameter rules: one a line, without the dash.
    static func policy(_ name: String, enforcement: String = "strict", _ rules: String...) -> String {
        """
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: \(name)}
        spec:
          type: usage
          enforcement: \(enforcement)
          rules:

        """ + rules.map { "    - {\($0)}\n" }.joined()
    }

    /// - Parameter more: further documents.
    static func engine(
        organisation: String = organisation, users: String = users, role: String = role(), _ more: String...
    ) throws -> PolicyEngine {
        let text = organisation + users + role + more.joined()
        let linked = Governance.link([DocumentReader.read(Array(text.utf8), path: "all.yaml")])
        let origin = BundleOrigin(
            commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 1_767_225_600)
        let compiled = PolicyCompiler.compile(
            linked.governance, origin: origin, isLinked: !linked.diagnostics.hasErrors, now: 1_780_272_000)
        return try PolicyEngine(try PolicyBundle(bytes: try #require(compiled.bundle, "\(linked.diagnostics) \(compiled.diagnostics)")))
    }

    /// A request as JSON.
    static func request(
        _ subject: String = "ada", model: String = "openai/small", input: Int = 1000, type: String = "user", context: String = ""
    ) -> String {
        #"{"subject":{"type":"\#(type)","id":"\#(subject)"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"\#(model)"},"#
            + #""context":{"inputTokens":\#(input),"maxOutputTokens":1000\#(context)}}"#
    }

    static let reading =
        #"{"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"doc","id":"7"}}"#

    /// A line as `--decision-log` writes it, as far as it is read.
    ///
    /// - Parameter answer: as it was recorded; nil for a line that does not say.
    static func line(_ request: String, answer: Bool? = nil, time: String = "2026-06-01T12:00:00.5Z", more: String = "") -> String {
        let decision = answer.map { #","decision":{"id":"x","decision":\#($0),"reasons":[]}"# } ?? ""
        return #"{"time":"\#(time)","id":"01a2165a-0000-7000-8000-000000000001"\#(more),"request":\#(request)\#(decision)}"#
    }

    /// Replays lines that are written to a file.
    static func replay(
        _ base: PolicyEngine, _ head: PolicyEngine, _ lines: [String], threads: Int = 1
    ) throws -> ImpactReport {
        try withLog(Array(lines.map { $0 + "\n" }.joined().utf8)) { try DecisionReplay(base: base, head: head).run($0, threads: threads) }
    }

    /// Calls `body` with a file that holds the bytes.
    static func withLog<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("charter-replay-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }
}
