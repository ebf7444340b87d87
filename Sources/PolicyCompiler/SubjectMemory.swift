import GovernanceModel

/// What was worked out about the users of a version.
///
/// Users with the same roles and teams have the same class, those with the same values the same set of attributes; both are numbered in no
/// order that would matter.
struct SubjectMemory {
    /// Holds no references: it is copied for each user of each version.
    struct User {
        var classNumber: UInt32 = 0
        /// nil where the attributes are no plain values, or there are too many different ones.
        var attributesNumber: UInt32?
        var isDisabled = false
        var hasIdentities = false
    }

    /// Closures included, sorted.
    struct Class: Hashable {
        var roles: [UInt32]
        var teams: [UInt32]
    }

    private let governance: Governance
    /// In the order of the documents.
    private(set) var users: [User] = []
    /// For each of them the places of the teams that it is a member of, sorted.
    private var memberships: [[UInt32]] = []
    private(set) var classes: [Class] = []
    private var classNumbers: [Class: UInt32] = [:]
    private var attributesNumbers: [[SpecNode.Scalar?]: UInt32] = [:]
    private let attributeNames: [String]

    /// How many sets of attributes have a number.
    var attributesCount: Int { attributesNumbers.count }

    /// - Parameter known: that of another version, with the same organisation.
    init(_ governance: Governance, attributes: [String], _ closures: inout Closures, known: SubjectMemory?) {
        self.governance = governance
        attributeNames = attributes
        guard let known, let changes = known.membershipChanges(governance), known.classes.count <= governance.all(.user).count * 2 + 1_024
        else {
            makeAll(&closures)
            return
        }
        classes = known.classes
        classNumbers = known.classNumbers
        attributesNumbers = known.attributesNumbers
        follow(known, changes, &closures)
    }

    // MARK: From the beginning

    private mutating func makeAll(_ closures: inout Closures) {
        let documents = governance.all(.user)
        users = Array(repeating: User(), count: documents.count)
        memberships = Array(repeating: [], count: documents.count)
        var places: [String: Int] = Dictionary(minimumCapacity: documents.count)
        for (place, document) in documents.enumerated() { places[document.plainName] = place }
        for (team, document) in governance.all(.team).enumerated() {
            Team(spec: document.spec).forEachMemberName { name in
                if let place = places[name] { memberships[place].append(UInt32(team)) }
            }
        }
        for (place, document) in documents.enumerated() { work(place, document, &closures) }
    }

    private mutating func work(_ place: Int, _ document: Document, _ closures: inout Closures) {
        let spec = document.spec
        let teams = closures.teams(memberships[place])
        let own = Class(roles: closures.roles(own: spec.texts("roles"), teams: teams), teams: teams)
        if let number = classNumbers[own] {
            users[place].classNumber = number
        } else {
            users[place].classNumber = UInt32(classes.count)
            classNumbers[own] = UInt32(classes.count)
            classes.append(own)
        }
        users[place].attributesNumber = number(ofAttributes: spec["attributes"])
        users[place].isDisabled = spec.bool("disabled") ?? false
        users[place].hasIdentities = spec["identities"] != nil
    }

    private mutating func number(ofAttributes node: SpecNode?) -> UInt32? {
        var values = [SpecNode.Scalar?](repeating: nil, count: attributeNames.count)
        for (number, name) in attributeNames.enumerated() {
            guard let value = node?[name] else { continue }
            guard let scalar = value.scalar else { return nil }
            values[number] = scalar
        }
        if let known = attributesNumbers[values] { return known }
        if attributesNumbers.count == AttributeValue.remembered { return nil }
        let number = UInt32(attributesNumbers.count)
        attributesNumbers[values] = number
        return number
    }

    // MARK: From another version

    private struct MembershipChange {
        var user: String
        var team: UInt32
        var isMember: Bool
    }

    /// How memberships differ; nil if classes as a whole follow from other teams and roles now.
    private func membershipChanges(_ governance: Governance) -> [MembershipChange]? {
        for change in governance.changes(.role, from: self.governance) {
            guard let old = change.old, let new = change.new, old.spec.texts("inherits") == new.spec.texts("inherits") else { return nil }
        }
        let teams = governance.changes(.team, from: self.governance)
        var found: [MembershipChange] = []
        for change in teams {
            guard let old = change.old, let new = change.new, old.spec["parent"]?.text == new.spec["parent"]?.text,
                old.spec.texts("roles") == new.spec.texts("roles"), let place = governance.place(of: new.plainName, .team)
            else { return nil }
            let (before, after) = (Self.members(old), Self.members(new))
            for user in before.subtracting(after) { found.append(.init(user: user, team: UInt32(place), isMember: false)) }
            for user in after.subtracting(before) { found.append(.init(user: user, team: UInt32(place), isMember: true)) }
        }
        return found
    }

    private static func members(_ team: Document) -> Set<String> {
        var names: Set<String> = []
        Team(spec: team.spec).forEachMemberName { names.insert($0) }
        return names
    }

    private mutating func follow(_ known: SubjectMemory, _ changes: [MembershipChange], _ closures: inout Closures) {
        let (before, documents) = (known.governance.all(.user), governance.all(.user))
        var open: Set<Int> = []
        let changed = governance.changes(.user, from: known.governance)
        if changed.allSatisfy({ $0.old != nil && $0.new != nil }) {
            // Everybody has the place that he had.
            (users, memberships) = (known.users, known.memberships)
            open = Set(changed.compactMap(\.new).compactMap { governance.place(of: $0.plainName, .user) })
        } else {
            users.reserveCapacity(documents.count)
            memberships.reserveCapacity(documents.count)
            var next = 0
            for (place, document) in documents.enumerated() {
                var isSame = next < before.count && before[next] === document
                var isSameName = isSame
                if !isSame {
                    while next < before.count, before[next].plainName < document.plainName { next += 1 }
                    isSameName = next < before.count && before[next].plainName == document.plainName
                    isSame = isSameName && before[next] === document
                }
                users.append(isSameName ? known.users[next] : User())
                memberships.append(isSameName ? known.memberships[next] : [])
                if !isSame { open.insert(place) }
                if isSameName { next += 1 }
            }
        }
        for change in changes {
            guard let place = governance.place(of: change.user, .user) else { continue }
            memberships[place].removeAll { $0 == change.team }
            if change.isMember {
                memberships[place].append(change.team)
                memberships[place].sort()
            }
            open.insert(place)
        }
        for place in open { work(place, documents[place], &closures) }
    }
}
