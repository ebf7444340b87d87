extension DiagnosticCode {
    /// Of the organisation's trusted signers.
    var trustExplanation: DiagnosticExplanation {
        func organization(_ more: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Organization
                metadata: {name: acme}
                spec:
                  displayName: Acme
                  currency: USD
                  subjectAttributes:
                    clearance: {type: string, values: [public, internal, secret]}

                """ + more.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n"))
        }
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlSpZZ6EelRAJTUsdPpdGc2HfuGu34zyeF1vf3YlSa/"
        let right = organization(
            """
            reconcile: {signatures: required}
            trustedSigners:
              - {name: ada, publicKey: \(key)}
            """)
        return switch self {
        case .invalidKey:
            DiagnosticExplanation(
                """
                A trusted signer's key cannot be used: it is cut short, of a kind that is not accepted, or named by less than its whole fingerprint, which others could make
                a key for. `ssh-keygen -y` prints a public key, `gpg --list-keys --with-colons` a whole fingerprint.
                """,
                wrong: organization(
                    """
                    reconcile: {signatures: required}
                    trustedSigners:
                      - {name: ada, openPGP: 3F3A799D1BA4433F}
                    """), right: right)
        case .trustSettings:
            DiagnosticExplanation(
                """
                What is asked of signatures contradicts itself, or would refuse every commit that is still to come, the one that mends it too.
                """, wrong: organization("reconcile: {signatures: required}"), right: right)
        case .unusedSigners:
            DiagnosticExplanation(
                """
                Signers are listed, and no signature is asked for: commits are accepted whoever signed them. Ask for signatures, or remove the list.
                """,
                wrong: organization(
                    """
                    trustedSigners:
                      - {name: ada, publicKey: \(key)}
                    """), right: right)
        default:
            DiagnosticExplanation(
                """
                The key's time is over: no new commit that it signs is accepted. What it signed before stays accepted, so leave it in the list.
                """,
                wrong: organization(
                    """
                    reconcile: {signatures: required}
                    trustedSigners:
                      - {name: ada, publicKey: \(key), expires: 2020-01-31}
                    """), right: right)
        }
    }
}
