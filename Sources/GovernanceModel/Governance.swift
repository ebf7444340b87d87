import Diagnostics

/// All documents of one repository at one commit, linked: every reference resolves, names are unique, nothing goes round in circles.
public struct Governance: Sendable {
    /// The documents of each kind, sorted by name.
    public private(set) var documents: [Kind: [Document]] = [:]

    /// How many documents there are.
    public var count: Int { documents.values.reduce(0) { $0 + $1.count } }

    /// The documents of `kind`, sorted by name.
    public func all(_ kind: Kind) -> [Document] { documents[kind] ?? [] }

    /// The document of `kind` called `name`.
    public func find(_ kind: Kind, _ name: String) -> Document? {
        index[kind]?[name]
    }

    /// The organisation; `nil` only in a repository that failed its checks.
    public var organization: Organization? { all(.organization).first.map { Organization(spec: $0.spec) } }

    private var index: [Kind: [String: Document]] = [:]

    /// Links the documents of `files`. The model is fit for compiling if the diagnostics, those of the files included, hold no error.
    public static func link(_ files: [ParsedFile]) -> (governance: Governance, diagnostics: [Diagnostic]) {
        var model = Governance()
        var diagnostics = files.flatMap(\.diagnostics)
        for document in files.flatMap(\.documents) {
            if let first = model.index[document.kind]?[document.name.value] {
                diagnostics.append(
                    Diagnostic(
                        .duplicateName, "the \(document.kind.rawValue) `\(document.name.value)` is defined twice", at: document.name.span,
                        related: [.init(span: first.name.span, message: "first defined here")], help: "rename one of the two, or remove it")
                )
                continue
            }
            model.index[document.kind, default: [:]][document.name.value] = document
            model.documents[document.kind, default: []].append(document)
        }
        for kind in model.documents.keys {
            model.documents[kind]?.sort { $0.name.value.utf8.lexicographicallyPrecedes($1.name.value.utf8) }
        }
        var broken: [Kind: Set<String>] = [:]
        for entry in files.flatMap(\.broken) { broken[entry.kind, default: []].insert(entry.name) }
        // A file that could not be read at all may have defined anything: what it leaves dangling is not reported on top of it.
        let hasUnread = files.contains { file in file.diagnostics.contains { Self.hidesDocuments($0.code) } }
        diagnostics += LinkChecker(model: model, broken: broken, hasUnreadFiles: hasUnread).check()
        return (model, diagnostics)
    }

    private static func hidesDocuments(_ code: DiagnosticCode) -> Bool {
        switch code {
        case .malformedYAML, .fileTooLarge, .notUTF8, .nestedTooDeeply, .tooManyNodes, .aliasExpansion, .unreadableFile, .unknownKind,
            .invalidName:
            true
        default: false
        }
    }
}
