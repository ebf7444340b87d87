import CEL
import Patterns
import PolicyBundle

/// A permission, read from a bundle.
struct PreparedPermission: Sendable {
    var actions: [String]
    var resources: [TypedGlob]
    var condition: CELProgram?
    var source: String
}

struct TypedGlob: Sendable {
    var type: String
    var glob: String

    func matches(type other: String, id: String) -> Bool {
        Glob.matches(other, type) && Glob.matches(id, glob)
    }
}

/// A policy, read from a bundle.
struct PreparedPolicy: Sendable {
    enum Enforcement: UInt32, Sendable { case strict, warning, monitor }

    struct Rule: Sendable {
        var name: String
        var effect: Effect
        var condition: CELProgram?
        var message: CELProgram?
        var obligation: CELValue
        var source: String
    }

    var name: String
    var enforcement: Enforcement
    var severity: String
    var match: PreparedMatch
    var exceptions: PreparedMatch
    var variables: [CELProgram]
    var rules: [Rule]
    var controls: [String]
}

/// The dimensions of a `match` or a `not`; `nil` where one is not given.
struct PreparedMatch: Sendable {
    var actions: [String]?
    var subjects: [TypedGlob]?
    /// Sorted indexes, as all below.
    var teams: [Int]?
    var roles: [Int]?
    var resources: [TypedGlob]?
    var models: [Int]?
    var providers: [Int]?
    var tags: [String]?

    /// Whether each given dimension matches; `true` when none is given.
    func matchesAll(_ facts: RequestFacts) -> Bool { results(facts).allSatisfy { $0 ?? true } }

    /// Whether some given dimension matches; `false` when none is given.
    func matchesAny(_ facts: RequestFacts) -> Bool { results(facts).contains { $0 ?? false } }

    private func results(_ facts: RequestFacts) -> [Bool?] {
        [
            actions.map { $0.contains { Glob.matches(facts.action, $0) } },
            subjects.map { $0.contains { $0.matches(type: facts.subjectType, id: facts.subjectName) } },
            teams.map { Self.intersects($0, facts.teams) },
            roles.map { Self.intersects($0, facts.roles) },
            resources.map { $0.contains { $0.matches(type: facts.resourceType, id: facts.resourceID) } },
            models.map { list in facts.model.map { list.contains($0) } ?? false },
            providers.map { list in facts.provider.map { list.contains($0) } ?? false },
            tags.map { $0.contains { pattern in facts.tags.contains { Glob.matches($0, pattern) } } },
        ]
    }

    private static func intersects(_ a: [Int], _ b: [Int]) -> Bool {
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] { return true }
            if a[i] < b[j] { i += 1 } else { j += 1 }
        }
        return false
    }
}

/// What matching needs to know of a request, looked up in the bundle.
struct RequestFacts {
    var subjectType: String
    var subjectName: String
    var teams: [Int]
    var roles: [Int]
    var action: String
    var resourceType: String
    var resourceID: String
    var model: Int?
    var provider: Int?
    var tags: [String]
}

extension PolicyBundle {
    func preparedPermissions(ofRole role: Int) -> [PreparedPermission] {
        records(.role, role, RoleColumn.permissions).map { row in
            PreparedPermission(
                actions: strings(.perm, row, PermissionColumn.actions), resources: typedGlobs(.perm, row, PermissionColumn.resources),
                condition: optionalProgram(word(.perm, row, PermissionColumn.condition)),
                source: location(.perm, row, PermissionColumn.source))
        }
    }

    func preparedPolicy(_ row: Int) -> PreparedPolicy {
        PreparedPolicy(
            name: string(.poli, row, PolicyColumn.name),
            // INVARIANT: the verifier has seen a number below 3, of which each is a case.
            enforcement: .init(rawValue: word(.poli, row, PolicyColumn.enforcement)) ?? .strict,
            severity: string(.poli, row, PolicyColumn.severity),
            match: preparedMatch(row, given: .given, first: .actions), exceptions: preparedMatch(row, given: .notGiven, first: .notActions),
            variables: list(.poli, row, PolicyColumn.variables).map { program($0) },
            rules: records(.poli, row, PolicyColumn.rules).map { preparedRule($0) },
            controls: strings(.poli, row, PolicyColumn.controls))
    }

    private func preparedRule(_ row: Int) -> PreparedPolicy.Rule {
        PreparedPolicy.Rule(
            name: string(.rule, row, RuleColumn.name), effect: Effect(rawValue: word(.rule, row, RuleColumn.effect)) ?? .deny,
            condition: optionalProgram(word(.rule, row, RuleColumn.condition)),
            message: optionalProgram(word(.rule, row, RuleColumn.message)),
            obligation: value(index(.rule, row, RuleColumn.obligation)), source: location(.rule, row, RuleColumn.source))
    }

    private func preparedMatch(_ row: Int, given: PolicyColumn, first: PolicyColumn) -> PreparedMatch {
        let bits = word(.poli, row, given)
        func dimension<Value>(_ number: Int, _ read: (PolicyColumn) -> Value) -> Value? {
            guard bits & (1 << UInt32(number)) != 0, let column = PolicyColumn(rawValue: first.rawValue + number * 2) else { return nil }
            return read(column)
        }
        return PreparedMatch(
            actions: dimension(0) { strings(.poli, row, $0) }, subjects: dimension(1) { typedGlobs(.poli, row, $0) },
            teams: dimension(2) { list(.poli, row, $0) }, roles: dimension(3) { list(.poli, row, $0) },
            resources: dimension(4) { typedGlobs(.poli, row, $0) }, models: dimension(5) { list(.poli, row, $0) },
            providers: dimension(6) { list(.poli, row, $0) }, tags: dimension(7) { strings(.poli, row, $0) })
    }

    private func typedGlobs<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> [TypedGlob] {
        let words = list(section, row, column)
        return stride(from: 0, to: words.count - 1, by: 2).map { TypedGlob(type: string(words[$0]), glob: string(words[$0 + 1])) }
    }

    private func optionalProgram(_ word: UInt32) -> CELProgram? {
        word == BundleFormat.none ? nil : program(Int(word))
    }

    func location<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> String {
        let place = source(index(section, row, column))
        return "\(place.path):\(place.line)"
    }
}
