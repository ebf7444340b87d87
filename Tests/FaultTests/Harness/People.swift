import Foundation
import Postgres
import TestSupport

/// An organisation that is easily made large and changed all over: people and teams, each of which tells the level of the commit.
struct People {
    /// A hundred to a file.
    let count: Int
    let repository: TestRepository

    /// Commits level 0. Drift is looked for, and what failed is tried again, every 200 milliseconds.
    init(_ count: Int, at path: String) throws {
        self.count = count
        repository = try TestRepository(at: path)
        try repository.write(
            """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec: {displayName: Acme, currency: USD, reconcile: {interval: 200ms, drift: correct}}
            ---
            apiVersion: charter/v1
            kind: Role
            metadata: {name: reader}
            spec: {permissions: [{actions: [llm.chat], resources: ['model:*']}]}

            """, to: "organization.yaml")
        try commit(level: 0)
    }

    /// Commits a level: every person and every team is another, a visitor comes and the one before goes.
    @discardableResult
    func commit(level: Int) throws -> String {
        let level = Self.text(level)
        for file in 0..<(count + 99) / 100 {
            let documents = (file * 100..<min(count, file * 100 + 100)).map {
                Self.document("User", "person-\($0)", "{email: person-\($0)@example.org, displayName: Person at \(level), roles: [reader]}")
            }
            try repository.write(documents.joined(separator: "---\n"), to: "users/\(file).yaml")
        }
        let teams = (0..<max(1, count / 100)).map { team in
            let members = stride(from: team, to: count, by: max(1, count / 100)).map { "{user: person-\($0)}" }.joined(separator: ", ")
            return Self.document("Team", "team-\(team)", "{displayName: Team at \(level), members: [\(members)]}")
        }
        try repository.write(teams.joined(separator: "---\n"), to: "teams.yaml")
        try repository.write(
            Self.document("User", "visitor-at-\(level.replacing(" ", with: "-"))", "{email: visitor@example.org}"), to: "visitor.yaml")
        return try repository.commit("Go to \(level)")
    }

    /// How a level is written: always in as many letters.
    static func text(_ level: Int) -> String { "level " + String(repeating: "0", count: 3 - min(3, "\(level)".count)) + "\(level)" }

    private static func document(_ kind: String, _ name: String, _ spec: String) -> String {
        "apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec: \(spec)\n"
    }
}

extension DeclaredState {
    /// With the level taken out wherever it is told, so that the state at one level is that at any other. A row of another level keeps it.
    init(_ connection: PostgresConnection, atLevel level: Int) throws {
        let text = People.text(level)
        try self.init(connection, without: [text, text.replacing(" ", with: "-")])
    }
}
