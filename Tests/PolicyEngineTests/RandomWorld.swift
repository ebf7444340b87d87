/// An organisation made at random, as plain values: text for the compiler, and data for `NaiveEvaluator`.
struct RandomWorld {
    struct Subject {
        /// `user` or `service-account`.
        var type: String
        var name: String
        var roles: [String]
        var isDisabled = false
        var identities: [String] = []
        var level: Int64?
        var clearance: String?
    }

    struct Team {
        var name: String
        var parent: String?
        var members: [String]
        var roles: [String]
    }

    struct Role {
        var name: String
        var inherits: [String]
        var permissions: [Permission]
    }

    struct Permission {
        var actions: [String]
        var resources: [String]
        var when: RandomCondition?
    }

    struct Model {
        var name: String
        var provider: String
        var tags: [String]
        var maxOutput: Int64?
        var prices: [Price]
    }

    /// In thousandths of the currency per million tokens.
    struct Price {
        var from: Int64
        var input: Int64
        var output: Int64
    }

    struct Match {
        var dimensions: [String: [String]] = [:]
    }

    struct Variable {
        enum Value {
            case condition(RandomCondition)
            /// The text at a path.
            case text(String)
        }

        var name: String
        var value: Value
    }

    struct Rule {
        var name: String
        var effect: Effect
        var when: RandomCondition?
        var message: Message?
    }

    enum Message {
        case constant(String)
        /// A text by its path, behind another.
        case about(String)
    }

    enum Effect {
        case deny, warn
        case redact(detectors: [String], mode: String)
        case requireApproval(roles: [String])
        case limit([String: Int64])
        case route(model: String)
    }

    struct Policy {
        var name: String
        var enforcement: String
        var match: Match
        var exceptions = Match()
        var variables: [Variable] = []
        var rules: [Rule]
    }

    struct Exemption {
        var name: String
        /// `user:NAME`, `service-account:NAME`, `team:NAME` or `role:NAME`.
        var subject: String
        var policies: [String]
        /// Seconds since 1970.
        var expires: Int64
    }

    struct ResourceType {
        var name: String
        var actions: [String]
        var isOpen: Bool
    }

    var subjects: [Subject] = []
    var teams: [Team] = []
    var roles: [Role] = []
    var models: [Model] = []
    var types: [ResourceType] = []
    var policies: [Policy] = []
    var exemptions: [Exemption] = []

    static let detectors = ["cards", "mail"]

    /// Days around which requests are made, prices change and exemptions end; seconds since 1970.
    static let times: [Int64] = [1_735_689_600, 1_767_225_600, 1_798_761_600]

    /// One of `times` as a timestamp.
    static func day(_ seconds: Int64) -> String { "\(2025 + (seconds - times[0]) / 31_500_000)-01-01T00:00:00Z" }

    /// What is in a world, and how much of it.
    enum Size: CaseIterable {
        /// A handful of everything.
        case small
        /// Policies in two or three words of a bitmap.
        case medium
        /// Hundreds of policies.
        case large
        /// So many policies on one team or role that they are looked up by what their conditions need.
        case crowd
    }
}
