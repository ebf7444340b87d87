import PolicyBundle
import PolicyEngine

/// A subject whose roles or teams differ, those included that follow from others.
public struct SubjectChange: Sendable, Equatable {
    public enum Action: String, Sendable {
        case added, removed, changed
    }

    public var subject: AccessEffect.Subject
    public var action: Action
    /// Sorted, as all that follow.
    public var rolesGained: [String]
    public var rolesLost: [String]
    public var teamsJoined: [String]
    public var teamsLeft: [String]
    /// Whether it is disabled now and was not, or the other way round; nil for neither.
    public var isDisabled: Bool?

    /// By type and name.
    static func all(_ base: PolicyBundle, _ head: PolicyBundle) -> [SubjectChange] {
        let (before, after) = (Memberships(base), Memberships(head))
        let subjects = Set(before.subjects.keys).union(after.subjects.keys).sorted { ($0.type, $0.name) < ($1.type, $1.name) }
        return subjects.compactMap { subject in
            let (old, new) = (before.subjects[subject], after.subjects[subject])
            let (oldClass, newClass) = (before.names(old), after.names(new))
            var change = SubjectChange(
                subject: subject, action: old == nil ? .added : new == nil ? .removed : .changed, rolesGained: [], rolesLost: [],
                teamsJoined: [], teamsLeft: [], isDisabled: nil)
            if oldClass != newClass {
                change.rolesGained = newClass.roles.subtracting(oldClass.roles).sorted()
                change.rolesLost = oldClass.roles.subtracting(newClass.roles).sorted()
                change.teamsJoined = newClass.teams.subtracting(oldClass.teams).sorted()
                change.teamsLeft = oldClass.teams.subtracting(newClass.teams).sorted()
            }
            if let old, let new, old.isDisabled != new.isDisabled { change.isDisabled = new.isDisabled }
            let isSame = old != nil && new != nil && change.isDisabled == nil && oldClass == newClass
            return isSame ? nil : change
        }
    }

    private struct Memberships {
        struct Standing {
            var subjectClass: Int
            var isDisabled: Bool
        }

        private(set) var subjects: [AccessEffect.Subject: Standing]
        private let classes: [ClassNames]

        init(_ bundle: PolicyBundle) {
            subjects = Dictionary(minimumCapacity: bundle.count(.subj))
            for row in 0..<bundle.count(.subj) {
                let flags = bundle.word(.subj, row, SubjectColumn.flags)
                subjects[AccessEffect.Subject(bundle, row: row)] = Standing(
                    subjectClass: bundle.index(.subj, row, SubjectColumn.subjectClass),
                    isDisabled: flags & SubjectColumn.disabled != 0)
            }
            classes = ClassNames.all(bundle)
        }

        func names(_ standing: Standing?) -> ClassNames { standing.map { classes[$0.subjectClass] } ?? ClassNames() }
    }
}
