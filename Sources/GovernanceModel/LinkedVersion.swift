import Diagnostics

/// A version that was linked, and what was found.
struct LinkedVersion: Sendable {
    private(set) var governance = Governance()
    private var findings: [Diagnostic] = []
    private var cycles: [Diagnostic] = []
    private var identities: [Diagnostic] = []
    /// About names that were given twice, and kinds as a whole.
    private var others: [Diagnostic] = []
    /// In no order.
    var diagnostics: [Diagnostic] { others + findings + cycles + identities }

    /// Links a version as a whole.
    init(_ files: [ParsedFile]) {
        var added: [Document] = []
        var first: [Kind: [String: Document]] = [:]
        for document in files.lazy.flatMap(\.documents) {
            if let first = first[document.kind]?[document.plainName] {
                others.append(Self.duplicate(document, first))
                continue
            }
            first[document.kind, default: [:]][document.plainName] = document
            added.append(document)
        }
        // INVARIANT: a name that was taken has been left out.
        _ = governance.replace([], by: added)
        var broken: [Kind: Set<String>] = [:]
        for entry in files.lazy.flatMap(\.broken) { broken[entry.kind, default: []].insert(entry.name) }
        // A file that could not be read at all may have defined anything: what it leaves dangling is not reported on top of it.
        let hasUnread = files.contains { file in file.diagnostics.contains { Self.hidesDocuments($0.code) } }
        let checker = LinkChecker(model: governance, broken: broken, hasUnreadFiles: hasUnread)
        var hints = LinkChecker.Hints()
        for kind in Kind.numbered { for document in governance.all(kind) { findings += checker.check(document, &hints) } }
        cycles = checker.cycles()
        if (governance.all(.user) + governance.all(.serviceAccount)).contains(where: \.hasIdentities) { identities = checker.identities() }
        others += checker.organizationCount() + checker.notEnforcedYet()
    }

    private static func duplicate(_ document: Document, _ first: Document) -> Diagnostic {
        Diagnostic(
            .duplicateName, "the \(document.kind.rawValue) `\(document.plainName)` is defined twice", at: document.name.span,
            related: [.init(span: first.name.span, message: "first defined here")], help: "rename one of the two, or remove it")
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

extension Document {
    fileprivate var hasIdentities: Bool {
        (kind == .user || kind == .serviceAccount) && spec["identities"] != nil
    }
}
