import Digest
import JSON
import PolicyBundle
import Signing

/// What a signature says of a bundle: which file it is, which commit it was compiled from, by what, and when.
///
/// It is written as an in-toto Statement v1 with SLSA provenance v1 as its predicate. The same bundle and time give the same bytes.
public struct ProvenanceStatement: Hashable, Sendable {
    public static let payloadType = "application/vnd.in-toto+json"
    static let statementType = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://slsa.dev/provenance/v1"
    /// Stands for "a commit is compiled as `charter compile` does it": the commit is the only parameter.
    static let buildType = "https://charter.dev/provenance/compile/v1"
    /// Stands for "whoever holds the key ran `charter compile`": nothing more is claimed about the machine.
    static let builder = "https://charter.dev/provenance/command-line/v1"

    /// SHA-256 of the whole file, in hexadecimal.
    public var fileDigest: String
    /// The bundle's own digest (`PolicyBundle.digest`), in hexadecimal.
    public var contentDigest: String
    /// The commit's object id.
    public var commit: String
    /// The object id of the commit's tree.
    public var tree: String
    /// The compiler's version.
    public var compiler: String
    /// When the statement was made, by the signer's clock.
    public var finishedOn: UTCTime
    /// What became of the policy tests: `NOT_RUN`, since they cannot be run yet.
    public var testResult = "NOT_RUN"

    /// - Parameter fileDigest: SHA-256 of the bytes that `bundle` was made of.
    init(about bundle: PolicyBundle, fileDigest: SHA256Digest, finishedOn: UTCTime) {
        self.fileDigest = fileDigest.description
        contentDigest = bundle.digest.description
        commit = bundle.meta(.commit)
        tree = bundle.meta(.tree)
        compiler = bundle.meta(.compiler)
        self.finishedOn = finishedOn
    }

    /// The statement as the bytes that are signed.
    var payload: [UInt8] {
        JSONWriter.bytes([
            "_type": .string(Self.statementType), "subject": [["name": "bundle", "digest": ["sha256": .string(fileDigest)]]],
            "predicateType": .string(Self.predicateType),
            "predicate": [
                "buildDefinition": [
                    "buildType": .string(Self.buildType), "externalParameters": ["commit": .string(commit)],
                    "resolvedDependencies": [
                        ["name": "commit", "digest": ["gitCommit": .string(commit)]],
                        ["name": "tree", "digest": ["gitTree": .string(tree)]],
                    ],
                ],
                "runDetails": [
                    "builder": ["id": .string(Self.builder), "version": ["charter": .string(compiler)]],
                    "metadata": ["finishedOn": .string(finishedOn.description)],
                ],
                "charter_contentDigest": ["sha256": .string(contentDigest)],
                "charter_policyTests": ["result": .string(testResult)],
            ],
        ])
    }
}
