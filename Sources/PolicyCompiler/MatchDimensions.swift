import GovernanceModel
import Patterns

/// The dimensions of a `match` or a `not`, names of documents looked up; nil where one is not given.
struct MatchDimensions {
    var actions: [String]?
    var subjects: [TypedGlob]?
    /// Sorted indexes, as all below. A glob that matches nothing leaves an empty list, which matches nothing.
    var teams: [UInt32]?
    var roles: [UInt32]?
    var resources: [TypedGlob]?
    var models: [UInt32]?
    var providers: [UInt32]?
    var tags: [String]?

    /// `type:glob`.
    struct TypedGlob {
        var type: String
        var glob: String

        init(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            (type, glob) = parts.count == 2 ? (parts[0], parts[1]) : ("", "")
        }
    }

    /// What names stand for.
    struct Names {
        var teams: [String: UInt32]
        var roles: [String: UInt32]
        var models: [String: UInt32]
        var providers: [String: UInt32]

        init(_ governance: Governance, _ closures: Closures) {
            teams = closures.teamIndex.mapValues { UInt32($0) }
            roles = closures.roleIndex.mapValues { UInt32($0) }
            models = Self.index(governance, .model)
            providers = Self.index(governance, .provider)
        }

        static func index(_ governance: Governance, _ kind: Kind) -> [String: UInt32] {
            Dictionary(uniqueKeysWithValues: governance.all(kind).enumerated().map { ($1.plainName, UInt32($0)) })
        }
    }

    /// None given.
    init() {}

    /// Takes over what the other gives of actions and resources.
    mutating func add(_ other: MatchDimensions) {
        actions = actions ?? other.actions
        resources = resources ?? other.resources
        models = models ?? other.models
        providers = providers ?? other.providers
        tags = tags ?? other.tags
    }

    init(_ match: Policy.Match, _ names: Names) {
        func given<Value>(_ globs: [Located<String>], _ make: ([String]) -> [Value]) -> [Value]? {
            globs.isEmpty ? nil : make(globs.map(\.value))
        }
        actions = given(match.actions) { $0 }
        subjects = given(match.subjects) { $0.map(TypedGlob.init) }
        teams = given(match.teams) { Self.expand($0, names.teams) }
        roles = given(match.roles) { Self.expand($0, names.roles) }
        resources = given(match.resources) { $0.map(TypedGlob.init) }
        models = given(match.models) { Self.expand($0, names.models) }
        providers = given(match.providers) { Self.expand($0, names.providers) }
        tags = given(match.tags) { $0 }
    }

    /// The documents that some of `globs` match, sorted.
    private static func expand(_ globs: [String], _ index: [String: UInt32]) -> [UInt32] {
        var found: Set<UInt32> = []
        for glob in globs {
            if let exact = index[glob] {
                found.insert(exact)
            } else if glob.utf8.contains(UInt8(ascii: "*")) {
                for (name, number) in index where Glob.matches(name, glob) { found.insert(number) }
            }
        }
        return found.sorted()
    }
}

/// Whether something is covered, as far as it can be told before there is a request.
enum Coverage {
    case no, yes
    /// It depends on a name that only a request tells.
    case perhaps

    /// What a list of which one entry must match covers.
    static func any(_ parts: some Sequence<Coverage>) -> Coverage {
        var result = Coverage.no
        for part in parts {
            if part == .yes { return .yes }
            if part == .perhaps { result = .perhaps }
        }
        return result
    }
}

extension String {
    /// Whether it is a glob that matches everything.
    var matchesEverything: Bool { !isEmpty && utf8.allSatisfy { $0 == UInt8(ascii: "*") } }
    var hasStar: Bool { utf8.contains(UInt8(ascii: "*")) }
}
