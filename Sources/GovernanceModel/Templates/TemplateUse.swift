import Diagnostics

/// Where a policy comes from that was made from a template.
public final class TemplateUse: Sendable {
    /// The policy as it stands in git.
    public let policy: Document
    public let template: Document

    init(policy: Document, template: Document) {
        self.policy = policy
        self.template = template
    }

    /// The finding, telling of the template where it is about the policy, and of the policy where it is about the template.
    func explained(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        let name = Policy(spec: policy.spec).template
        if template.contains(diagnostic.span) {
            diagnostic.related.append(
                .init(span: name?.span ?? policy.name.span, message: "in the policy `\(policy.plainName)`, which is made from it here"))
        } else if !diagnostic.related.contains(where: { template.contains($0.span) }) {
            diagnostic.related.append(.init(span: template.name.span, message: "the template"))
        }
        return diagnostic
    }
}

extension Document {
    /// Whether a place is in the document.
    func contains(_ place: SourceSpan) -> Bool { place.path == path && place.line >= span.line && place.line <= span.endLine }

    /// Whether it is what a policy came to that names a template.
    public var isMadeFromTemplate: Bool { templateUse != nil }

    /// Findings about the document, each with where the document comes from if it was made from a template.
    public func explained(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        guard let use = templateUse else { return diagnostics }
        return diagnostics.map(use.explained)
    }
}

extension Array where Element == Diagnostic {
    /// Without what was found in a template already, when it was checked by itself: it is not told again for every policy made from it.
    public func without(foundInTemplates known: [Diagnostic]) -> [Diagnostic] {
        if known.isEmpty { return self }
        let places = Dictionary(grouping: known, by: \.span)
        return filter { found in places[found.span]?.contains { $0.code == found.code } != true }
    }
}
