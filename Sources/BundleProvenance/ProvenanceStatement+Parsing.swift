import JSON
import Signing

extension ProvenanceStatement {
    /// Reads the bytes of a statement whose signature was verified. Members that are not known are ignored, as in-toto asks, but for
    /// parameters of the compilation: one that this program does not know could change what the bundle is.
    init(parsing payload: VerifiedPayload) throws(ProvenanceError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(payload.bytes)
        } catch {
            throw ProvenanceError(.malformed, "the statement is not valid JSON: \(error)")
        }
        try Self.expect(json, ["_type"], Self.statementType)
        try Self.expect(json, ["predicateType"], Self.predicateType)
        let definition = json["predicate"]?["buildDefinition"]
        try Self.expect(json, ["predicate", "buildDefinition", "buildType"], Self.buildType)

        guard let subjects = json["subject"]?.arrayValue, subjects.count == 1 else {
            throw ProvenanceError(.malformed, "`/subject` of the statement does not name exactly one file")
        }
        fileDigest = try Self.text(subjects[0], ["digest", "sha256"], below: "/subject/0")
        commit = try Self.dependency(definition, "gitCommit")
        tree = try Self.dependency(definition, "gitTree")
        guard definition?["externalParameters"] == ["commit": .string(commit)] else {
            throw ProvenanceError(.malformed, "the statement's `externalParameters` are not the commit alone")
        }
        compiler = try Self.text(json, ["predicate", "runDetails", "builder", "version", "charter"])
        contentDigest = try Self.text(json, ["predicate", "charter_contentDigest", "sha256"])
        testResult = try Self.text(json, ["predicate", "charter_policyTests", "result"])
        let path = ["predicate", "runDetails", "metadata", "finishedOn"]
        guard let time = UTCTime(try Self.text(json, path)) else {
            throw ProvenanceError(.malformed, "`/\(path.joined(separator: "/"))` of the statement is no time in UTC")
        }
        finishedOn = time
    }

    /// The one dependency with a digest of this kind: of two commits nobody could say which one was compiled.
    private static func dependency(_ definition: JSONValue?, _ algorithm: String) throws(ProvenanceError) -> String {
        let all = (definition?["resolvedDependencies"]?.arrayValue ?? []).compactMap { $0["digest"]?[algorithm] }
        guard all.count == 1, let id = all[0].stringValue else {
            throw ProvenanceError(.malformed, "the statement's `resolvedDependencies` do not name exactly one `\(algorithm)`")
        }
        return id
    }

    private static func text(_ json: JSONValue, _ path: [String], below parent: String = "") throws(ProvenanceError) -> String {
        var value: JSONValue? = json
        for name in path { value = value?[name] }
        guard let text = value?.stringValue else {
            throw ProvenanceError(.malformed, "`\(parent)/\(path.joined(separator: "/"))` of the statement is missing or not a string")
        }
        return text
    }

    private static func expect(_ json: JSONValue, _ path: [String], _ expected: String) throws(ProvenanceError) {
        guard try text(json, path) == expected else {
            throw ProvenanceError(.malformed, "`/\(path.joined(separator: "/"))` of the statement is not `\(expected)`")
        }
    }
}
