extension DiagnosticCode {
    /// Of `CH10xx`.
    var filesExplanation: DiagnosticExplanation {
        switch self {
        case .fileTooLarge:
            DiagnosticExplanation(
                """
                A file of documents may have 8 MiB. A larger one is not read: it would hold up every check, and nobody can review it.

                Split it, for instance one file for each team. Data that is no document does not belong into a file that ends in `.yaml` or `.yml`.
                """, wrong: .told("`users.yaml` of 20 MB, with 100,000 users."),
                right: .told("`users/research.yaml`, `users/sales.yaml`, …, of some hundred kB each.")
            )
        case .notUTF8:
            DiagnosticExplanation(
                """
                Documents are UTF-8 (YAML 1.2 §5.2), without which names and patterns would mean different things on different machines.

                Save the file as UTF-8; `iconv -f latin1 -t utf-8` converts an old one.
                """, wrong: .told("`displayName: Ren\u{fffd}e`, where the `é` is the one byte E9 of Latin-1."),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: renee}
                    spec: {email: renee@acme.example, displayName: Renée}
                    """))
        case .unreadableFile:
            DiagnosticExplanation(
                """
                A file or folder is there and cannot be read: its permissions forbid it, it is no regular file, or its object in the git repository is damaged.
                It is never taken for absent, as that would delete what it declares.

                Mend the permissions; `git fsck` tells what is damaged in a repository.
                """, wrong: .told("`users/ada.yaml` with the mode 000."), right: .told("`users/ada.yaml` with the mode 644."))
        default:
            DiagnosticExplanation(
                """
                Nothing was found to check: no file whose name ends in `.yaml` or `.yml`, or none with a document in it. A repository without documents is
                refused, because putting it in force would delete everything.

                Name the folder in which the documents lie.
                """, wrong: .told("`charter validate docs`, where the documents are in `governance`."),
                right: .told("`charter validate governance`."))
        }
    }
}
