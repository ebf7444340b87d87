import GovernanceModel

/// What follows from nesting: the teams above a team, the roles that a role inherits, the roles and teams of a subject.
///
/// INVARIANT: the model is linked, so references resolve and nothing goes round in circles.
struct Closures {
    let teamIndex: [String: Int]
    let roleIndex: [String: Int]
    /// For each team its own index and those of the teams above it.
    private let teamsAbove: [[Int]]
    /// For each role its own index and those of all roles that it inherits.
    private let rolesBelow: [[Int]]
    private let rolesOfTeam: [[Int]]
    private var teamsOfUser: [String: [Int]] = [:]

    init(_ governance: Governance) {
        let teams = governance.all(.team)
        let roles = governance.all(.role)
        let teamIndex = Dictionary(uniqueKeysWithValues: teams.enumerated().map { ($1.name.value, $0) })
        let roleIndex = Dictionary(uniqueKeysWithValues: roles.enumerated().map { ($1.name.value, $0) })
        let parents = teams.map { Team(spec: $0.spec).parent.flatMap { teamIndex[$0.value] }.map { [$0] } ?? [] }
        let inherits = roles.map { Role(spec: $0.spec).inherits.compactMap { roleIndex[$0.value] } }
        teamsAbove = Self.closure(parents)
        rolesBelow = Self.closure(inherits)
        rolesOfTeam = teams.map { Team(spec: $0.spec).roles.compactMap { roleIndex[$0.value] } }
        self.teamIndex = teamIndex
        self.roleIndex = roleIndex
        for (index, team) in teams.enumerated() {
            for member in Team(spec: team.spec).members { teamsOfUser[member.user.value, default: []].append(index) }
        }
    }

    /// The teams of a user, those above them included, sorted.
    func teams(ofUser name: String) -> [Int] { Set((teamsOfUser[name] ?? []).flatMap { teamsAbove[$0] }).sorted() }

    /// The roles of a subject: its own, those of its teams, and all that these inherit, sorted.
    func roles(own: [String], teams: [Int]) -> [Int] {
        let direct = own.compactMap { roleIndex[$0] } + teams.flatMap { rolesOfTeam[$0] }
        return Set(direct.flatMap { rolesBelow[$0] }).sorted()
    }

    /// Iterative depth-first search: a chain may be as long as the repository.
    private static func closure(_ next: [[Int]]) -> [[Int]] {
        next.indices.map { start in
            var seen: Set<Int> = [start]
            var open = [start]
            while let node = open.popLast() {
                for target in next[node] where seen.insert(target).inserted { open.append(target) }
            }
            return seen.sorted()
        }
    }
}
