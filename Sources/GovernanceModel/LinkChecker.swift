import Diagnostics
import Patterns

/// Checks what documents say about each other.
struct LinkChecker {
    let model: Governance
    let broken: [Kind: Set<String>]
    let hasUnreadFiles: Bool

    func check() -> [Diagnostic] {
        organizationCount() + references() + cycles() + identities() + modelNames() + memberships() + globs() + notEnforcedYet()
    }

    private func organizationCount() -> [Diagnostic] {
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

    private func references() -> [Diagnostic] {
        var found: [Diagnostic] = []
        var names: [Kind: [String]] = [:]
        for document in everything() {
            for reference in document.references where !exists(reference.kind, reference.name.value) {
                let candidates = names[reference.kind] ?? model.all(reference.kind).map(\.name.value)
                names[reference.kind] = candidates
                // A hint costs a walk over all names: past the first hundred nobody reads it.
                let help = found.count < 100 ? Suggestion.help(for: reference.name.value, among: candidates) : nil
                found.append(
                    Diagnostic(
                        .unresolvedReference, "there is no \(reference.kind.rawValue) `\(reference.name.value)`", at: reference.name.span,
                        help: help ?? "define it, or remove the reference"))
            }
        }
        return found + controls()
    }

    /// The second half of `framework/control`; the first is an ordinary reference.
    private func controls() -> [Diagnostic] {
        var found: [Diagnostic] = []
        for document in model.all(.policy) {
            for control in Policy(spec: document.spec).controls {
                let parts = control.value.split(separator: "/", maxSplits: 1).map(String.init)
                guard parts.count == 2, let framework = model.find(.complianceFramework, parts[0]) else { continue }
                let ids = ComplianceFramework(spec: framework.spec).controls.map(\.id.value)
                if ids.contains(parts[1]) { continue }
                found.append(
                    Diagnostic(
                        .unresolvedReference, "the framework `\(parts[0])` has no control `\(parts[1])`", at: control.span,
                        related: [.init(span: framework.name.span, message: "the framework is defined here")],
                        help: Suggestion.help(for: parts[1], among: ids) ?? "its controls: \(ids.joined(separator: ", "))"))
            }
        }
        return found
    }

    private func cycles() -> [Diagnostic] {
        let teams = model.all(.team).map { document in (document, Team(spec: document.spec).parent.map { [$0] } ?? []) }
        let roles = model.all(.role).map { document in (document, Role(spec: document.spec).inherits) }
        return cycles(.team, teams, "is a part of itself") + cycles(.role, roles, "inherits from itself")
    }

    /// A cycle is reported once, at the edge that closes it, with its whole way. Iterative: a chain may be as long as the repository.
    private func cycles(_ kind: Kind, _ nodes: [(document: Document, next: [Located<String>])], _ what: String) -> [Diagnostic] {
        var next: [String: [Located<String>]] = [:]
        for node in nodes { next[node.document.name.value] = node.next }
        var finished: Set<String> = []
        var found: [Diagnostic] = []
        for start in nodes where !finished.contains(start.document.name.value) {
            var way: [(name: String, edge: Int)] = [(start.document.name.value, 0)]
            var place = [start.document.name.value: 0]
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

    private func identities() -> [Diagnostic] {
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
                    guard let other = model.find(kind, identity.value), other.name.value != document.name.value else { return nil }
                    return Diagnostic(
                        .duplicateIdentity, "the identity `\(identity.value)` is the name of another \(kind.rawValue)", at: identity.span,
                        related: [.init(span: other.name.span, message: "named here")],
                        help: "an external identity can name one subject only")
                }
            }
        }
    }

    private func modelNames() -> [Diagnostic] {
        model.all(.model).compactMap { document in
            let provider = Model(spec: document.spec).provider
            if document.name.value.hasPrefix(provider.value + "/") { return nil }
            return Diagnostic(
                .invalidName, "the model `\(document.name.value)` belongs to the provider `\(provider.value)` but is not named for it",
                at: document.name.span, related: [.init(span: provider.span, message: "the provider is given here")],
                help: "a model's name is `provider/model`: `\(provider.value)/…`")
        }
    }

    private func memberships() -> [Diagnostic] {
        model.all(.team).flatMap { document -> [Diagnostic] in
            var seen: [String: SourceSpan] = [:]
            return Team(spec: document.spec).members.compactMap { member in
                guard let first = seen.updateValue(member.user.span, forKey: member.user.value) else { return nil }
                return Diagnostic(
                    .duplicateEntry, "`\(member.user.value)` is a member of `\(document.name.value)` twice", at: member.user.span,
                    related: [.init(span: first, message: "first here")])
            }
        }
    }

    private func globs() -> [Diagnostic] {
        var found: [Diagnostic] = []
        for document in everything() {
            for glob in document.globs {
                let names = model.all(glob.kind).map(\.name.value)
                if hasUnreadFiles || broken[glob.kind] != nil || names.contains(where: { Glob.matches($0, glob.pattern.value) }) {
                    continue
                }
                let isExact = !glob.pattern.value.contains("*")
                let help = Suggestion.help(for: glob.pattern.value, among: names)
                found.append(
                    Diagnostic(
                        isExact ? .unresolvedReference : .unmatchedGlob,
                        isExact
                            ? "there is no \(glob.kind.rawValue) `\(glob.pattern.value)`"
                            : "`\(glob.pattern.value)` matches no \(glob.kind.rawValue)",
                        at: glob.pattern.span, help: help ?? "define it, or remove the pattern"))
            }
        }
        return found
    }

    /// One note a kind, at its first document: what is only declared must not be mistaken for protection.
    private func notEnforcedYet() -> [Diagnostic] {
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

    private func everything() -> [Document] { Kind.allCases.flatMap { model.all($0) } }
}
