import GovernanceModel
import Patterns

/// Who can make requests, by what policies ask of subjects: those with the same roles and teams are one group.
struct SubjectPopulation {
    /// Subjects, none of them disabled, of whom policies know the same but for their names.
    struct Group: Hashable {
        var isServiceAccount: Bool
        /// Inherited ones and teams above included, sorted.
        var roles: [UInt32]
        var teams: [UInt32]

        var type: String { isServiceAccount ? "service-account" : "user" }
    }

    /// One who is named.
    struct Person {
        var group: Group
        var name: String
        var isDisabled: Bool
    }

    private let governance: Governance
    private let users: SubjectMemory
    private(set) var groups: [Group] = []
    private var ofTeam: [UInt32: [Int]] = [:]
    private var ofRole: [UInt32: [Int]] = [:]
    private var accountGroups: [String: (group: Group, isDisabled: Bool)] = [:]

    init(_ governance: Governance, _ users: SubjectMemory, _ closures: inout Closures) {
        self.governance = governance
        self.users = users
        var isUsed = [Bool](repeating: false, count: users.classes.count)
        for user in users.users where !user.isDisabled { isUsed[Int(user.classNumber)] = true }
        for (number, own) in users.classes.enumerated() where isUsed[number] {
            groups.append(Group(isServiceAccount: false, roles: own.roles, teams: own.teams))
        }
        var seen: Set<Group> = []
        for document in governance.all(.serviceAccount) {
            let account = ServiceAccount(spec: document.spec)
            let group = Group(isServiceAccount: true, roles: closures.roles(own: account.roles.map(\.value), teams: []), teams: [])
            accountGroups[document.plainName] = (group, account.isDisabled)
            if !account.isDisabled, seen.insert(group).inserted { groups.append(group) }
        }
        for (number, group) in groups.enumerated() {
            for team in group.teams { ofTeam[team, default: []].append(number) }
            for role in group.roles { ofRole[role, default: []].append(number) }
        }
    }

    var isEmpty: Bool { groups.isEmpty }

    /// Whether a group is as asked among those that are in one of the teams, or have one of the roles; where neither is given, among all.
    func contains(teams: [UInt32]?, roles: [UInt32]?, _ isAsked: (Group) -> Bool) -> Bool {
        guard let rows = teams ?? roles else { return groups.contains(where: isAsked) }
        let index = teams == nil ? ofRole : ofTeam
        return rows.contains { row in index[row]?.contains { isAsked(groups[$0]) } ?? false }
    }

    func person(_ name: String, isServiceAccount: Bool) -> Person? {
        if isServiceAccount { return accountGroups[name].map { Person(group: $0.group, name: name, isDisabled: $0.isDisabled) } }
        guard let place = governance.place(of: name, .user) else { return nil }
        let user = users.users[place]
        let own = users.classes[Int(user.classNumber)]
        let group = Group(isServiceAccount: false, roles: own.roles, teams: own.teams)
        return Person(group: group, name: name, isDisabled: user.isDisabled)
    }
}
