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
    private var teamMarks: Marks
    private var roleMarks: Marks

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
        teamMarks = Marks(count: teams.count)
        roleMarks = Marks(count: roles.count)
        self.teamIndex = teamIndex
        self.roleIndex = roleIndex
        for (index, team) in teams.enumerated() {
            for member in Team(spec: team.spec).members { teamsOfUser[member.user.value, default: []].append(index) }
        }
    }

    /// The teams of a user, those above them included, sorted.
    mutating func teams(ofUser name: String) -> [Int] {
        guard let own = teamsOfUser[name] else { return [] }
        return Self.union(own, teamsAbove, &teamMarks)
    }

    /// The roles of a subject: its own, those of its teams, and all that these inherit, sorted.
    mutating func roles(own: [String], teams: [Int]) -> [Int] {
        var direct = own.compactMap { roleIndex[$0] }
        for team in teams { direct += rolesOfTeam[team] }
        return Self.union(direct, rolesBelow, &roleMarks)
    }

    /// Marks for what has been seen, kept from one union to the next: a set for each of a million subjects would take most of the time.
    private struct Marks {
        var current = 0
        var of: [Int]

        init(count: Int) { of = Array(repeating: 0, count: count) }
    }

    private static func union(_ starts: [Int], _ lists: [[Int]], _ marks: inout Marks) -> [Int] {
        marks.current += 1
        var found: [Int] = []
        for start in starts {
            for element in lists[start] where marks.of[element] != marks.current {
                marks.of[element] = marks.current
                found.append(element)
            }
        }
        found.sort()
        return found
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
