import Foundation

/// An organisation of users and teams for `charter bench reconcile` and `compile`: a tenth as many teams as users, three memberships a user.
struct ReconcileBenchmarkWorld {
    let users: Int
    var policies = 100
    var usersOfFile = 500

    var teams: Int { max(1, users / 10) }

    static let teamsOfFile = 100

    private static let roles = 20

    /// Every file, by path.
    func files() -> [(path: String, text: String)] {
        var files = [("organization.yaml", Self.organization), ("roles.yaml", Self.roleDocuments), ("policies.yaml", policyDocuments)]
        for first in stride(from: 0, to: users, by: usersOfFile) {
            files.append(userFile(first / usersOfFile, level: { _ in 1 }))
        }
        for first in stride(from: 0, to: teams, by: Self.teamsOfFile) {
            let text = (first..<min(teams, first + Self.teamsOfFile)).map(team).joined(separator: "---\n")
            files.append(("teams/\(first / Self.teamsOfFile).yaml", text))
        }
        return files
    }

    /// A file of users.
    /// - Parameter level: what is written of each user, so that it can be changed.
    func userFile(_ number: Int, level: (Int) -> Int) -> (path: String, text: String) {
        let first = number * usersOfFile
        let text = (first..<min(users, first + usersOfFile)).map { user($0, level: level($0)) }.joined(separator: "---\n")
        return ("users/\(number).yaml", text)
    }

    private func user(_ number: Int, level: Int) -> String {
        """
        apiVersion: charter/v1
        kind: User
        metadata: {name: user-\(number)}
        spec:
          email: user-\(number)@bench.example
          displayName: User \(number)
          roles: [role-\(number % Self.roles)]
          attributes: {region: \(number % 2 == 0 ? "eu" : "us"), level: \(level)}

        """
    }

    private func team(_ number: Int) -> String {
        // Three teams a user, spread so that no two of a user's are the same where there are three.
        let members = (0..<3).flatMap { round -> [Int] in
            let shift = (number + round * 7) % teams
            return Array(stride(from: shift, to: users, by: teams))
        }
        let parent = number >= 10 ? "parent: team-\(number % 10), " : ""
        let list = Set(members).sorted().map { "{user: user-\($0)}" }.joined(separator: ", ")
        return """
            apiVersion: charter/v1
            kind: Team
            metadata: {name: team-\(number)}
            spec: {\(parent)roles: [role-\(number % Self.roles)], members: [\(list)]}

            """
    }

    private static let organization = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: bench}
        spec:
          displayName: Bench
          currency: USD
          subjectAttributes: {region: {type: string, values: [eu, us]}, level: {type: int}}

        """

    private static var roleDocuments: String {
        (0..<roles).map {
            """
            apiVersion: charter/v1
            kind: Role
            metadata: {name: role-\($0)}
            spec: {permissions: [{actions: ["llm.*"], resources: ["model:*"]}]}

            """
        }.joined(separator: "---\n")
    }

    private var policyDocuments: String {
        (0..<policies).map {
            """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: policy-\($0)}
            spec:
              type: usage
              match: {roles: [role-\($0 % Self.roles)]}
              rules: [{name: large, when: context.inputTokens > \(1000 + $0), effect: deny}]

            """
        }.joined(separator: "---\n")
    }
}
