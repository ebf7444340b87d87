import Diagnostics
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine

/// Engines from the text of documents.
enum TestEngine {
    struct NotCompiled: Error, CustomStringConvertible {
        var description: String
    }

    static func bundle(_ files: [String: String], order: (String, String) -> Bool = { $0 < $1 }) throws -> [UInt8] {
        let parsed = files.sorted { order($0.key, $1.key) }.map { DocumentReader.read(Array($0.value.utf8), path: $0.key) }
        let (governance, diagnostics) = Governance.link(parsed)
        let origin = BundleOrigin(commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 1_767_225_600)
        let result = PolicyCompiler.compile(governance, origin: origin, isLinked: !diagnostics.hasErrors, now: 0)
        guard let bytes = result.bundle else {
            let sources = files.mapValues { Array($0.utf8) }
            throw NotCompiled(description: HumanRenderer(color: false, sources: sources).render(diagnostics + result.diagnostics))
        }
        return bytes
    }

    static func compile(_ files: [String: String]) throws -> PolicyEngine { try PolicyEngine(PolicyBundle(bytes: bundle(files))) }

    /// A request to a model, or to another resource.
    static func request(
        _ subject: String, _ action: String, _ resource: String, type: String = "user", resourceType: String = "model",
        context: JSONObject = [:]
    ) -> JSONValue {
        [
            "subject": ["type": .string(type), "id": .string(subject)], "action": ["name": .string(action)],
            "resource": ["type": .string(resourceType), "id": .string(resource)], "context": .object(context),
        ]
    }
}
