import GovernanceModel
import JSON
import Postgres

/// What follows for a document from others: the roles that somebody has, and how; what a role permits, and from where; who is in a team.
struct EffectiveAccess {
    private let connection: PostgresConnection
    /// So many members of a team are named.
    private static let mostMembers = 1_000

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// - Returns: `nil` for kinds for which nothing follows.
    func of(_ document: DeclaredDocument, _ kind: Kind) throws -> JSONValue? {
        switch kind {
        case .role: try role(document)
        case .team: try team(document)
        case .user: try subject(document, try memberships(document.name))
        case .serviceAccount: try subject(document, [])
        default: nil
        }
    }

    private func role(_ document: DeclaredDocument) throws -> JSONValue {
        let graph = try roles(below: [document.name])
        let inherited = graph.found.filter { $0.name != document.name }
        return [
            "inherits": .array(inherited.map { ["role": .string($0.name), "path": .init($0.path)] }),
            "permissions": .array(graph.permissions),
        ]
    }

    private func team(_ document: DeclaredDocument) throws -> JSONValue {
        let tree = try teams(above: [document.name])
        let chain = tree.chain(from: document.name)
        let rows = try connection.query(
            SQLTemplates.fill(PackageResources.declared_members_below_sql, [:]), [.text(document.name), .int(Int64(Self.mostMembers))])
        let members: [JSONValue] = try rows.map { row in
            ["user": .string(try row.text("user")), "role": .string(row["role"] ?? "member"), "team": .string(try row.text("team"))]
        }
        let given = chain.flatMap { team in tree.roles(of: team).map { ["role": .string($0), "team": .string(team)] as JSONValue } }
        return [
            "ancestors": .init(Array(chain.dropFirst())), "roles": .array(given), "members": .array(members),
            "memberCount": .int(Int64(try rows.first?.int("total") ?? 0)),
        ]
    }

    private func subject(_ document: DeclaredDocument, _ memberships: [(team: String, role: String)]) throws -> JSONValue {
        let tree = try teams(above: memberships.map(\.team))
        var ways: [(role: String, way: JSONValue)] = Self.texts(document.spec["roles"]).map { ($0, ["by": "own"]) }
        var teams: [JSONValue] = []
        var named: Set<String> = []
        for membership in memberships {
            let chain = tree.chain(from: membership.team)
            for (depth, team) in chain.enumerated() {
                let path = JSONValue(Array(chain[...depth]))
                for role in tree.roles(of: team) { ways.append((role, ["by": "team", "team": .string(team), "path": path])) }
                if depth == 0 {
                    teams.append(["team": .string(team), "role": .string(membership.role)])
                } else if !memberships.contains(where: { $0.team == team }), named.insert(team).inserted {
                    teams.append(["team": .string(team), "path": path])
                }
            }
        }
        let graph = try roles(below: ways.map(\.role))
        let roles: [JSONValue] = graph.found.map { found in
            var all = ways.filter { $0.role == found.name }.map(\.way)
            if found.path.count > 1 { all.append(["by": "inherited", "path": .init(found.path)]) }
            return ["role": .string(found.name), "ways": .array(all)]
        }
        let isActive = document.spec["disabled"]?.boolValue != true
        return [
            "active": .bool(isActive), "teams": .array(teams), "roles": .array(roles), "permissions": .array(graph.permissions),
        ]
    }

    private func memberships(_ user: String) throws -> [(team: String, role: String)] {
        let rows = try connection.query(SQLTemplates.fill(PackageResources.declared_memberships_sql, [:]), [.text(user)])
        return try rows.map { (try $0.text("team"), $0["role"] ?? "member") }
    }

    private func teams(above names: [String]) throws -> TeamTree {
        if names.isEmpty { return TeamTree() }
        var tree = TeamTree()
        for row in try connection.query(SQLTemplates.fill(PackageResources.declared_teams_above_sql, [:]), [.textArray(names)]) {
            tree.teams[try row.text("name")] = (row["parent"], Self.texts(row["roles"].map(DeclaredQuery.json)))
        }
        return tree
    }

    private func roles(below names: [String]) throws -> RoleGraph {
        if names.isEmpty { return RoleGraph(starts: [], rows: []) }
        let rows = try connection.query(SQLTemplates.fill(PackageResources.declared_roles_below_sql, [:]), [.textArray(names)])
        return RoleGraph(
            starts: names,
            rows: try rows.map { row in
                RoleGraph.Row(
                    name: try row.text("name"), inherits: Self.texts(row["inherits"].map(DeclaredQuery.json)),
                    permissions: row["permissions"].map(DeclaredQuery.json)?.arrayValue ?? [],
                    source: "\(try row.text("source_path")):\(try row.text("source_line"))")
            })
    }

    private static func texts(_ value: JSONValue?) -> [String] { value?.arrayValue?.compactMap(\.stringValue) ?? [] }
}

/// Teams with those above them.
private struct TeamTree {
    var teams: [String: (parent: String?, roles: [String])] = [:]

    func roles(of team: String) -> [String] { teams[team]?.roles ?? [] }

    /// A team and those above it, the nearest first.
    func chain(from team: String) -> [String] {
        var chain: [String] = []
        var next: String? = team
        while let name = next, teams[name] != nil, !chain.contains(name) {
            chain.append(name)
            next = teams[name]?.parent
        }
        return chain
    }
}

/// Roles with those that they inherit.
private struct RoleGraph {
    struct Row {
        var name: String
        var inherits: [String]
        var permissions: [JSONValue]
        var source: String
    }

    /// By name: each role that there is, and the shortest way to it from one of the first: that one, and so on to the role itself.
    private(set) var found: [(name: String, path: [String])] = []
    /// Those of all roles, each with its role and where that is written.
    private(set) var permissions: [JSONValue] = []

    init(starts: [String], rows: [Row]) {
        let byName = Dictionary(rows.map { ($0.name, $0) }) { first, _ in first }
        var paths: [String: [String]] = [:]
        var open: [[String]] = []
        for start in starts where byName[start] != nil && paths[start] == nil {
            paths[start] = [start]
            open.append([start])
        }
        var inheritedPaths: [String: [String]] = [:]
        var next = 0
        while next < open.count {
            let path = open[next]
            next += 1
            for role in path.last.flatMap({ byName[$0] })?.inherits ?? [] where byName[role] != nil {
                if inheritedPaths[role] == nil { inheritedPaths[role] = path + [role] }
                if paths[role] == nil {
                    paths[role] = path + [role]
                    open.append(path + [role])
                }
            }
        }
        for row in rows {
            guard let path = inheritedPaths[row.name] ?? paths[row.name] else { continue }
            found.append((row.name, path))
            for permission in row.permissions {
                var object = permission.objectValue ?? [:]
                object["role"] = .string(row.name)
                object["source"] = .string(row.source)
                permissions.append(.object(object))
            }
        }
    }
}
