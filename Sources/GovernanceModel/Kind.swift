/// The kinds of documents of `apiVersion: charter/v1`.
public enum Kind: String, Sendable, CaseIterable, Comparable {
    case organization = "Organization"
    case user = "User"
    case serviceAccount = "ServiceAccount"
    case team = "Team"
    case role = "Role"
    case provider = "Provider"
    case model = "Model"
    case budget = "Budget"
    case policy = "Policy"
    case policyTemplate = "PolicyTemplate"
    case detector = "Detector"
    case exemption = "Exemption"
    case complianceFramework = "ComplianceFramework"
    case alertRoute = "AlertRoute"
    case retentionPolicy = "RetentionPolicy"
    case policyTest = "PolicyTest"
    case invariant = "Invariant"

    /// The one `apiVersion` there is.
    public static let apiVersion = "charter/v1"

    /// The shape of the kind's `spec`.
    public var schema: ObjectSchema {
        switch self {
        case .organization: Organization.schema
        case .user: User.schema
        case .serviceAccount: ServiceAccount.schema
        case .team: Team.schema
        case .role: Role.schema
        case .provider: Provider.schema
        case .model: Model.schema
        case .budget: Budget.schema
        case .policy: Policy.schema
        case .policyTemplate: PolicyTemplate.schema
        case .detector: Detector.schema
        case .exemption: Exemption.schema
        case .complianceFramework: ComplianceFramework.schema
        case .alertRoute: AlertRoute.schema
        case .retentionPolicy: RetentionPolicy.schema
        case .policyTest: PolicyTest.schema
        case .invariant: Invariant.schema
        }
    }

    /// What is declared and stored but not acted upon yet; `nil` for kinds that are enforced.
    public var notEnforcedYet: String? {
        switch self {
        case .budget: "spending is not metered yet, so this budget limits nothing"
        case .detector: "content is not scanned yet; findings must come with the request as `context.findings`"
        case .alertRoute: "webhooks get what the reconciler finds; nothing goes out by e-mail, by team, or about budgets and violations yet"
        case .retentionPolicy: "decisions and violations are removed by age; there is no audit log and no usage yet"
        case .invariant: "invariants are not proved yet"
        case .organization, .user, .serviceAccount, .team, .role, .provider, .model, .policy, .policyTemplate, .exemption,
            .complianceFramework, .policyTest:
            nil
        }
    }

    /// All kinds by their numbers.
    static let numbered = allCases

    /// The place of the kind among all.
    var number: UInt8 {
        switch self {
        case .organization: 0
        case .user: 1
        case .serviceAccount: 2
        case .team: 3
        case .role: 4
        case .provider: 5
        case .model: 6
        case .budget: 7
        case .policy: 8
        case .policyTemplate: 9
        case .detector: 10
        case .exemption: 11
        case .complianceFramework: 12
        case .alertRoute: 13
        case .retentionPolicy: 14
        case .policyTest: 15
        case .invariant: 16
        }
    }

    public static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
}
