import Diagnostics
import GovernanceModel

/// What a compiler keeps of one version for the next: findings, programs, and what was worked out about users, teams
/// and roles, of documents that both have. It
/// changes nothing but the time that compiling takes: with and without it, findings and bundle are the same.
///
/// Not for use by two threads at once.
public final class CompilerMemory {
    var checked: CheckedDocuments?
    var conditions: CompiledConditions?
    var subjects: SubjectMemory?
    var holders: RoleHolders?
    var closures: Closures?

    public init() {}

    /// Forgets what depends on the organisation's declarations, if those are not the same document any more.
    func prepare(for organization: Document) {
        if let checked, checked.organization === organization { return }
        (checked, conditions, subjects, holders, closures) = (nil, nil, nil, nil, nil)
    }
}

/// The findings about each document of a version, by kind.
struct CheckedDocuments: Sendable {
    typealias Findings = [Kind: [ObjectIdentifier: [Diagnostic]]]

    let organization: Document
    /// INVARIANT: it holds the documents that the findings are about, so that no other object takes the place of one of them.
    let governance: Governance
    var findings: Findings

    /// Checks documents that another version has not.
    static func findings(
        _ kinds: [Kind], _ governance: Governance, known: CheckedDocuments?, _ checker: SemanticChecker
    ) -> Findings {
        var checker = checker
        var all: Findings = [:]
        for kind in kinds {
            // What depends on the day is checked every time.
            let known = SemanticChecker.timedKinds.contains(kind) ? nil : known
            var findings = known?.findings[kind] ?? [:]
            for change in governance.changes(kind, from: known?.governance) {
                if let old = change.old { findings[ObjectIdentifier(old)] = nil }
                guard let new = change.new else { continue }
                let found = checker.check(new)
                if !found.isEmpty { findings[ObjectIdentifier(new)] = found }
            }
            all[kind] = findings
        }
        return all
    }
}

extension CheckedDocuments.Findings {
    /// In no order; those of templates by themselves are apart.
    var diagnostics: [Diagnostic] { filter { $0.key != .policyTemplate }.values.flatMap { $0.values.flatMap(\.self) } }
    var templateDiagnostics: [Diagnostic] { self[.policyTemplate]?.values.flatMap(\.self) ?? [] }
}
