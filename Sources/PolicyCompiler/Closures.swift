import GovernanceModel

/// What follows from nesting: the teams above a team, the roles that a role inherits, the roles and teams of a subject.
///
/// INVARIANT: the model is linked, so references resolve and nothing goes round in circles.
struct Closures {
    private var governance: Governance
    let teamIndex: [String: Int]
    let roleIndex: [String: Int]
    /// For each team its own index and those of the teams above it.
    private let teamsAbove: [[UInt32]]
    /// For each role its own index and those of all roles that it inherits.
    private let rolesBelow: [[UInt32]]
    private let rolesOfTeam: [[UInt32]]
    /// For each team, whether there is anybody in it or below it.
    private let isPeopled: [Bool]
    private var teamMarks: Marks
    private var roleMarks: Marks

    init(_ governance: Governance) {
        self.governance = governance
        let teams = governance.all(.team)
        let roles = governance.all(.role)
        let teamIndex = Dictionary(uniqueKeysWithValues: teams.enumerated().map { ($1.plainName, $0) })
        let roleIndex = Dictionary(uniqueKeysWithValues: roles.enumerated().map { ($1.plainName, $0) })
        let parents = teams.map { $0.spec["parent"]?.text.flatMap { teamIndex[$0] }.map { [UInt32($0)] } ?? [] }
        let inherits = roles.map { $0.spec.texts("inherits").compactMap { roleIndex[$0].map { UInt32($0) } } }
        let teamsAbove = Self.closure(parents)
        var isPeopled = [Bool](repeating: false, count: teams.count)
        for (team, document) in teams.enumerated() where Team(spec: document.spec).hasMembers {
            for above in teamsAbove[team] { isPeopled[Int(above)] = true }
        }
        self.teamsAbove = teamsAbove
        self.isPeopled = isPeopled
        rolesBelow = Self.closure(inherits)
        rolesOfTeam = teams.map { $0.spec.texts("roles").compactMap { roleIndex[$0].map { UInt32($0) } } }
        teamMarks = Marks(count: teams.count)
        roleMarks = Marks(count: roles.count)
        self.teamIndex = teamIndex
        self.roleIndex = roleIndex
    }

    /// The same for another version, if it has the same teams and roles.
    func next(_ governance: Governance) -> Closures? {
        for kind in [Kind.team, .role] where !governance.changes(kind, from: self.governance).isEmpty { return nil }
        var next = self
        next.governance = governance
        return next
    }

    /// The team itself and those above it.
    func teamsAbove(of team: UInt32) -> [UInt32] { teamsAbove[Int(team)] }

    /// The role itself and all that it inherits.
    func rolesBelow(of role: UInt32) -> [UInt32] { rolesBelow[Int(role)] }

    /// Whether there is anybody in the team or below it.
    func isPeopled(_ team: Int) -> Bool { isPeopled[team] }

    /// For each role, whether it is among `held`, or some team has it, or one of these inherits it.
    func rolesInUse(_ held: (_ role: Int) -> Bool) -> [Bool] {
        var isDirect = [Bool](repeating: false, count: rolesBelow.count)
        for roles in rolesOfTeam { for role in roles { isDirect[Int(role)] = true } }
        var isUsed = isDirect
        for role in isUsed.indices where isDirect[role] || held(role) {
            for below in rolesBelow[role] { isUsed[Int(below)] = true }
        }
        return isUsed
    }

    /// Teams and those above them, sorted.
    mutating func teams(_ own: [UInt32]) -> [UInt32] { own.isEmpty ? [] : Self.union(own, teamsAbove, &teamMarks) }

    /// The roles of a subject: its own, those of its teams, and all that these inherit, sorted.
    mutating func roles(own: [String], teams: [UInt32]) -> [UInt32] {
        var direct = own.compactMap { roleIndex[$0].map { UInt32($0) } }
        for team in teams { direct += rolesOfTeam[Int(team)] }
        return Self.union(direct, rolesBelow, &roleMarks)
    }

    /// Marks for what has been seen, kept from one union to the next: a set for each of a million subjects would take most of the time.
    private struct Marks {
        var current = 0
        var of: [Int]

        init(count: Int) { of = Array(repeating: 0, count: count) }
    }

    private static func union(_ starts: [UInt32], _ lists: [[UInt32]], _ marks: inout Marks) -> [UInt32] {
        marks.current += 1
        var found: [UInt32] = []
        for start in starts {
            for element in lists[Int(start)] where marks.of[Int(element)] != marks.current {
                marks.of[Int(element)] = marks.current
                found.append(element)
            }
        }
        found.sort()
        return found
    }

    /// Iterative depth-first search: a chain may be as long as the repository.
    private static func closure(_ next: [[UInt32]]) -> [[UInt32]] {
        next.indices.map { start in
            if next[start].isEmpty { return [UInt32(start)] }
            var seen: Set<UInt32> = [UInt32(start)]
            var open = [UInt32(start)]
            while let node = open.popLast() {
                for target in next[Int(node)] where seen.insert(target).inserted { open.append(target) }
            }
            return seen.sorted()
        }
    }
}
