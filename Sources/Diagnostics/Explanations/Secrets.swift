extension DiagnosticCode {
    /// Of `CH16xx`.
    var secretsExplanation: DiagnosticExplanation {
        switch self {
        case .secretInDocument:
            DiagnosticExplanation(
                """
                The text looks like a credential. Whoever can read the repository, now or later, could use it, and deleting it leaves it in the history.

                Revoke it first. Then say where it is to be found, such as the name of an environment variable, instead of what it is. The value is never
                shown, not even here.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Provider
                    metadata: {name: bedrock}
                    spec: {type: bedrock, region: us-east-1, credential: {env: AKIAIOSFODNN7EXAMPLE}}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Provider
                    metadata: {name: bedrock}
                    spec: {type: bedrock, region: us-east-1, credential: {env: AWS_ACCESS_KEY_ID}}
                    """))
        default:
            DiagnosticExplanation(
                """
                The text has the look of a password or token: 32 letters and digits or more, in an order that names and words do not have. Nobody's format was
                recognised, so it may be something else.

                If it is a credential, revoke it, and say where it is to be found instead of what it is. If it is none, write why as the annotation
                `charter.dev/not-secret` of the document, which is then not looked at any more. Identities of subjects, public keys, fingerprints, digests, commits and addresses
                are known not to be secrets.
                """,
                wrong: .documents(Self.webhook("")),
                right: .documents(Self.webhook(", annotations: {charter.dev/not-secret: the example of the manual}")))
        }
    }

    private static func webhook(_ more: String) -> String {
        """
        apiVersion: charter/v1
        kind: Role
        metadata: {name: engineer\(more)}
        spec:
          description: calls the build server with q7Zp2Vx9Lk4Tn8Rb3Wd6Yc1Mf5Hs0JgA
          permissions:
            - {actions: [llm.chat], resources: ["model:openai/*"]}
        """
    }
}
