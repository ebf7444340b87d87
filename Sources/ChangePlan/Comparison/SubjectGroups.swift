import PolicyBundle
import PolicyEngine

/// Subjects of both versions, put together where no decision can tell them apart.
struct SubjectGroups {
    /// A subject as one version has it.
    struct Standing: Hashable {
        /// Of the version's class of roles and teams.
        var subjectClass: Int
        /// Where the version keeps its attributes.
        var attributes: Int
        var isDisabled: Bool
        /// Of one that policies or exemptions name.
        var individual: Int?
    }

    struct Group {
        var before: Standing?
        var after: Standing?
        var members: [AccessEffect.Subject]
    }

    private struct Key: Hashable {
        var before: Standing?
        var after: Standing?
    }

    private(set) var groups: [Group] = []

    init(_ base: PlanSide, _ head: PlanSide) {
        let (before, after) = (Self.standings(base.bundle), Self.standings(head.bundle))
        var places: [Key: Int] = [:]
        let subjects = Set(before.keys).union(after.keys).sorted { ($0.type, $0.name) < ($1.type, $1.name) }
        for subject in subjects {
            let key = Key(before: before[subject], after: after[subject])
            if let place = places[key] {
                groups[place].members.append(subject)
            } else {
                places[key] = groups.count
                groups.append(Group(before: key.before, after: key.after, members: [subject]))
            }
        }
    }

    private static func standings(_ bundle: PolicyBundle) -> [AccessEffect.Subject: Standing] {
        var standings: [AccessEffect.Subject: Standing] = Dictionary(minimumCapacity: bundle.count(.subj))
        // Lists of values are written once for each set of values; where one was written again, the same subjects make two groups.
        for row in 0..<bundle.count(.subj) {
            let flags = bundle.word(.subj, row, SubjectColumn.flags)
            standings[AccessEffect.Subject(bundle, row: row)] = Standing(
                subjectClass: bundle.index(.subj, row, SubjectColumn.subjectClass),
                attributes: bundle.index(.subj, row, SubjectColumn.attributes), isDisabled: flags & SubjectColumn.disabled != 0,
                individual: flags & SubjectColumn.anchored != 0 ? row : nil)
        }
        return standings
    }
}
