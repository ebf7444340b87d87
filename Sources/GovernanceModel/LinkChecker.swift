import Diagnostics
import Patterns

/// Checks what documents say about each other.
struct LinkChecker {
    let model: Governance
    let broken: [Kind: Set<String>]
    let hasUnreadFiles: Bool

    /// A hint costs a walk over all names: past the first hundred nobody reads it.
    struct Hints {
        private var left = 100

        var isUsedUp: Bool { left == 0 }

        mutating func help(_ word: String, among names: () -> [String]) -> String? {
            if left == 0 { return nil }
            left -= 1
            return Suggestion.help(for: word, among: names())
        }
    }

    /// What is wrong with one document, as far as it follows from itself, from the names there are, and from the controls of frameworks.
    func check(_ document: Document, _ hints: inout Hints) -> [Diagnostic] {
        var found: [Diagnostic] = []
        let declared = document
        let document = model.effective(declared)
        for number in document.links {
            let link = document.tree.links[number]
            let kind = Kind.numbered[Int(link.kind)]
            if link.form == .glob {
                if let problem = glob(document, link, kind) { found.append(problem) }
            } else {
                let name = document.tree.target(link)
                if exists(kind, name) { continue }
                let help = hints.help(name) { model.all(kind).map(\.plainName) }
                found.append(
                    Diagnostic(
                        .unresolvedReference, "there is no \(kind.rawValue) `\(name)`", at: document.tree.span(link),
                        help: help ?? "define it, or remove the reference"))
            }
        }
        switch document.kind {
        case .policy: found += controls(document)
        case .model: found += modelName(document)
        case .team: found += memberships(document)
        default: break
        }
        if declared.kind == .policy { found += model.expansions[declared.plainName]?.diagnostics ?? [] }
        return document.explained(found)
    }

    func organizationCount() -> [Diagnostic] {
        let found = model.all(.organization)
        if found.count > 1 {
            let places = found.sorted { $0.name.span < $1.name.span }
            return [
                Diagnostic(
                    .organizationCount, "there are \(found.count) Organization documents, there must be one", at: places[1].name.span,
                    related: [.init(span: places[0].name.span, message: "the first is here")], help: "keep one of them")
            ]
        }
        if found.isEmpty, broken[.organization] == nil, !hasUnreadFiles {
            return [
                Diagnostic(
                    .organizationCount, "there is no Organization document", at: SourceSpan(startOf: "organization.yaml"),
                    help: "add one: kind: Organization, with `displayName` and `currency` in its `spec`")
            ]
        }
        return []
    }

    /// The second half of `framework/control`; the first is an ordinary reference.
    private func controls(_ document: Document) -> [Diagnostic] {
        Policy(spec: document.spec).controls.compactMap { control in
            let parts = control.value.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let framework = model.find(.complianceFramework, parts[0]) else { return nil }
            let ids = ComplianceFramework(spec: framework.spec).controls.map(\.id.value)
            if ids.contains(parts[1]) { return nil }
            return Diagnostic(
                .unresolvedReference, "the framework `\(parts[0])` has no control `\(parts[1])`", at: control.span,
                related: [.init(span: framework.name.span, message: "the framework is defined here")],
                help: Suggestion.help(for: parts[1], among: ids) ?? "its controls: \(ids.joined(separator: ", "))")
        }
    }

    func cycles() -> [Diagnostic] {
        let teams = model.all(.team).map { document in (document, Team(spec: document.spec).parent.map { [$0] } ?? []) }
        let roles = model.all(.role).map { document in (document, Role(spec: document.spec).inherits) }
        return cycles(.team, teams, "is a part of itself") + cycles(.role, roles, "inherits from itself")
    }

    /// A cycle is reported once, at the edge that closes it, with its whole way. Iterative: a chain may be as long as the repository.
    private func cycles(_ kind: Kind, _ nodes: [(document: Document, next: [Located<String>])], _ what: String) -> [Diagnostic] {
        var next: [String: [Located<String>]] = [:]
        for node in nodes { next[node.document.plainName] = node.next }
        var finished: Set<String> = []
        var found: [Diagnostic] = []
        for start in nodes where !finished.contains(start.document.plainName) {
            var way: [(name: String, edge: Int)] = [(start.document.plainName, 0)]
            var place = [start.document.plainName: 0]
            while let (name, edge) = way.last {
                guard let edges = next[name], edge < edges.count else {
                    finished.insert(name)
                    place[name] = nil
                    way.removeLast()
                    continue
                }
                way[way.count - 1].edge += 1
                let target = edges[edge]
                if let from = place[target.value] {
                    let round = way[from...].map(\.name) + [target.value]
                    found.append(
                        Diagnostic(
                            .cyclicReference, "the \(kind.rawValue) `\(target.value)` \(what): \(round.joined(separator: " → "))",
                            at: target.span,
                            help: "remove one of these references"))
                } else if !finished.contains(target.value) {
                    place[target.value] = way.count
                    way.append((target.value, 0))
                }
            }
        }
        return found
    }

    func identities() -> [Diagnostic] {
        var first: [String: Located<String>] = [:]
        var found: [Diagnostic] = []
        let all =
            model.all(.user).flatMap { User(spec: $0.spec).identities }
            + model.all(.serviceAccount).flatMap { ServiceAccount(spec: $0.spec).identities }
        for identity in all {
            if let other = first.updateValue(identity, forKey: identity.value) {
                found.append(
                    Diagnostic(
                        .duplicateIdentity, "the identity `\(identity.value)` is claimed by two subjects", at: identity.span,
                        related: [.init(span: other.span, message: "also claimed here")],
                        help: "an external identity can name one subject only"))
            }
        }
        return found + namesTakenForIdentities()
    }

    /// A request names a subject by its name or by an identity: one word must not mean two of them.
    private func namesTakenForIdentities() -> [Diagnostic] {
        [Kind.user, .serviceAccount].flatMap { kind in
            model.all(kind).flatMap { document -> [Diagnostic] in
                let identities = kind == .user ? User(spec: document.spec).identities : ServiceAccount(spec: document.spec).identities
                return identities.compactMap { identity in
                    guard let other = model.find(kind, identity.value), other !== document else { return nil }
                    return Diagnostic(
                        .duplicateIdentity, "the identity `\(identity.value)` is the name of another \(kind.rawValue)", at: identity.span,
                        related: [.init(span: other.name.span, message: "named here")],
                        help: "an external identity can name one subject only")
                }
            }
        }
    }

    private func modelName(_ document: Document) -> [Diagnostic] {
        let provider = Model(spec: document.spec).provider
        if document.plainName.hasPrefix(provider.value + "/") { return [] }
        return [
            Diagnostic(
                .invalidName, "the model `\(document.plainName)` belongs to the provider `\(provider.value)` but is not named for it",
                at: document.name.span, related: [.init(span: provider.span, message: "the provider is given here")],
                help: "a model's name is `provider/model`: `\(provider.value)/…`")
        ]
    }

    private func memberships(_ document: Document) -> [Diagnostic] {
        let users = document.links.filter { document.tree.links[$0].kind == Kind.user.number }
        // Nearly always all are different, which is quickly told.
        if Set(users.map { document.tree.target(document.tree.links[$0]) }).count == users.count { return [] }
        var seen: [String: SourceSpan] = [:]
        return Team(spec: document.spec).members.compactMap { member in
            guard let first = seen.updateValue(member.user.span, forKey: member.user.value) else { return nil }
            return Diagnostic(
                .duplicateEntry, "`\(member.user.value)` is a member of `\(document.plainName)` twice", at: member.user.span,
                related: [.init(span: first, message: "first here")])
        }
    }

    private func glob(_ document: Document, _ link: Link, _ kind: Kind) -> Diagnostic? {
        let pattern = document.tree.target(link)
        if hasUnreadFiles || broken[kind] != nil || model.all(kind).contains(where: { Glob.matches($0.plainName, pattern) }) { return nil }
        let isExact = !pattern.contains("*")
        let help = Suggestion.help(for: pattern, among: model.all(kind).map(\.plainName))
        return Diagnostic(
            isExact ? .unresolvedReference : .unmatchedGlob,
            isExact ? "there is no \(kind.rawValue) `\(pattern)`" : "`\(pattern)` matches no \(kind.rawValue)",
            at: document.tree.span(link), help: help ?? "define it, or remove the pattern")
    }

    /// One note a kind, at its first document: what is only declared must not be mistaken for protection.
    func notEnforcedYet() -> [Diagnostic] {
        Kind.allCases.compactMap { kind in
            guard let text = kind.notEnforcedYet, let first = model.all(kind).map(\.name.span).min() else { return nil }
            let count = model.all(kind).count
            return Diagnostic(
                .notEnforcedYet, "\(kind.rawValue) (\(count) document\(count == 1 ? "" : "s")) is checked and stored, but \(text)",
                at: first)
        }
    }

    private func exists(_ kind: Kind, _ name: String) -> Bool {
        model.find(kind, name) != nil || broken[kind]?.contains(name) == true || hasUnreadFiles
    }
}
