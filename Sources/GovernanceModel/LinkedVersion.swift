import Diagnostics

/// A version that was linked, and what was found, part by part: so that of the next version only what a change can have touched is checked.
struct LinkedVersion: Sendable {
    private(set) var governance = Governance()
    /// Documents with findings of their own.
    private var findings: [ObjectIdentifier: Finding] = [:]
    private var cycles: [Diagnostic] = []
    private var identities: [Diagnostic] = []
    /// About names that were given twice, and kinds as a whole.
    private var others: [Diagnostic] = []
    /// How many subjects have identities.
    private var identityHolders = 0
    /// Whether every document there is could be read and has a name of its own. Only from there is it known what a change can have touched.
    private var isPlain = true

    private struct Finding: Sendable {
        var document: Document
        var diagnostics: [Diagnostic]
    }

    /// In no order.
    var diagnostics: [Diagnostic] {
        let inTemplates = findings.values.lazy.filter { $0.document.kind == .policyTemplate }.flatMap(\.diagnostics)
        let found = findings.values.lazy.filter { $0.document.kind != .policyTemplate }.flatMap(\.diagnostics)
        return others + inTemplates + Array(found).without(foundInTemplates: Array(inTemplates)) + cycles + identities
    }

    /// Links a version as a whole.
    ///
    /// - Parameter expansionLimit: what policies made from templates may take together, if it is another limit than the usual one.
    init(_ files: [ParsedFile], expansionLimit: Int? = nil) {
        if let expansionLimit { governance.expansionLimit = expansionLimit }
        var added: [Document] = []
        var first: [Kind: [String: Document]] = [:]
        for document in files.lazy.flatMap(\.documents) {
            if let first = first[document.kind]?[document.plainName] {
                isPlain = false
                others.append(Self.duplicate(document, first))
                continue
            }
            first[document.kind, default: [:]][document.plainName] = document
            added.append(document)
        }
        // INVARIANT: a name that was taken has been left out.
        _ = governance.replace([], by: added)
        _ = governance.expand(removed: [], added: added)
        var broken: [Kind: Set<String>] = [:]
        for entry in files.lazy.flatMap(\.broken) { broken[entry.kind, default: []].insert(entry.name) }
        // A file that could not be read at all may have defined anything: what it leaves dangling is not reported on top of it.
        let hasUnread = files.contains { file in file.diagnostics.contains { Self.hidesDocuments($0.code) } }
        if !broken.isEmpty || hasUnread { isPlain = false }
        let checker = LinkChecker(model: governance, broken: broken, hasUnreadFiles: hasUnread)
        var hints = LinkChecker.Hints()
        for kind in Kind.numbered { check(governance.all(kind), checker, &hints) }
        cycles = checker.cycles()
        identityHolders = (governance.all(.user) + governance.all(.serviceAccount)).count(where: \.hasIdentities)
        if identityHolders > 0 { identities = checker.identities() }
        others += checker.organizationCount() + checker.notEnforcedYet()
    }

    /// The version that has some other files instead.
    ///
    /// - Returns: nil if it must be linked as a whole.
    func next(removing: [ParsedFile], adding: [ParsedFile]) -> LinkedVersion? {
        guard isPlain, adding.allSatisfy({ $0.broken.isEmpty && !$0.diagnostics.contains { Self.hidesDocuments($0.code) } }) else {
            return nil
        }
        let (removed, added) = (removing.flatMap(\.documents), adding.flatMap(\.documents))
        var next = self
        guard next.governance.replace(removed, by: added) else { return nil }
        let expanded = next.governance.expand(removed: removed, added: added)
        if governance.isOverExpansionLimit || next.governance.isOverExpansionLimit { return nil }
        let checker = LinkChecker(model: next.governance, broken: [:], hasUnreadFiles: false)
        let change = VersionChange(removed, added)
        for document in removed { next.findings[ObjectIdentifier(document)] = nil }
        var hints = LinkChecker.Hints()
        var touched: [ObjectIdentifier: Document] = next.findings.mapValues(\.document)
        for document in added + expanded + change.dependents(in: next.governance) { touched[ObjectIdentifier(document)] = document }
        next.check(Array(touched.values), checker, &hints)
        // Which of many findings get a hint depends on all before them.
        if hints.isUsedUp { return nil }
        if change.touchesCycles(hasAny: !cycles.isEmpty) { next.cycles = checker.cycles() }
        next.identityHolders += added.count(where: \.hasIdentities) - removed.count(where: \.hasIdentities)
        if next.identityHolders == 0 {
            next.identities = []
        } else if change.kinds.contains(.user) || change.kinds.contains(.serviceAccount) {
            next.identities = checker.identities()
        }
        next.others = checker.organizationCount() + checker.notEnforcedYet()
        return next
    }

    private mutating func check(_ documents: [Document], _ checker: LinkChecker, _ hints: inout LinkChecker.Hints) {
        for document in documents {
            let found = checker.check(document, &hints)
            findings[ObjectIdentifier(document)] = found.isEmpty ? nil : Finding(document: document, diagnostics: found)
        }
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

/// What differs between two versions, as far as other documents depend on it.
private struct VersionChange {
    private(set) var kinds: Set<Kind> = []
    /// Names that there are no more.
    private var vanished: [Kind: Set<String>] = [:]
    /// Kinds that have got or lost a name.
    private var renamed: Set<Kind> = []
    private var hasNewEdges = false

    init(_ removed: [Document], _ added: [Document]) {
        var before: [Kind: [String: Document]] = [:]
        for document in removed {
            kinds.insert(document.kind)
            before[document.kind, default: [:]][document.plainName] = document
        }
        for document in added {
            kinds.insert(document.kind)
            let old = before[document.kind]?.removeValue(forKey: document.plainName)
            if old == nil { renamed.insert(document.kind) }
            if document.edges != old?.edges ?? [] { hasNewEdges = true }
        }
        for (kind, documents) in before where !documents.isEmpty {
            vanished[kind] = Set(documents.keys)
            renamed.insert(kind)
        }
    }

    /// Documents that did not change and may have become right or wrong all the same; those with findings are not told here.
    func dependents(in governance: Governance) -> [Document] {
        var found: [Document] = []
        if kinds.contains(.complianceFramework) { found += governance.all(.policy) + governance.all(.policyTemplate) }
        if renamed.isEmpty { return found }
        // By the numbers of kinds: which of a document's links are to be looked at.
        let gone = Kind.numbered.map { vanished[$0] }
        let isRenamed = Kind.numbered.map { renamed.contains($0) }
        for kind in Kind.numbered {
            for declared in governance.all(kind) {
                let document = governance.effective(declared)
                let isTouched = document.links.contains { number in
                    let link = document.tree.links[number]
                    if link.form == .glob { return isRenamed[Int(link.kind)] }
                    return gone[Int(link.kind)]?.contains(document.tree.target(link)) ?? false
                }
                if isTouched { found.append(declared) }
            }
        }
        return found
    }

    /// Whether circles may have come or gone.
    func touchesCycles(hasAny: Bool) -> Bool { hasNewEdges || hasAny && (kinds.contains(.team) || kinds.contains(.role)) }
}

extension Document {
    /// What a team is a part of, or a role inherits.
    fileprivate var edges: [String] {
        switch kind {
        case .team: spec["parent"]?.text.map { [$0] } ?? []
        case .role: spec.texts("inherits")
        default: []
        }
    }

    fileprivate var hasIdentities: Bool {
        (kind == .user || kind == .serviceAccount) && spec["identities"] != nil
    }
}
