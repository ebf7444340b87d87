/// What `charter explain` tells of a code: why it is said, and what to do, with an example of the mistake and one of how it is done.
public struct DiagnosticExplanation: Sendable {
    /// Paragraphs.
    public var text: String
    public var wrong: Example
    public var right: Example

    public enum Example: Sendable {
        /// Documents in YAML, beside `surroundings`; one that has the kind and the name of a document there takes its place.
        case documents(String)
        /// In words, where the text of documents cannot show it.
        case told(String)
    }

    init(_ text: String, wrong: Example, right: Example) {
        self.text = text
        self.wrong = wrong
        self.right = right
    }

    /// A small organisation, which the examples are a part of.
    public static let surroundings = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec:
          displayName: Acme
          currency: USD
          subjectAttributes:
            clearance: {type: string, values: [public, internal, secret]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: ada@acme.example, roles: [engineer]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: research}
        spec:
          members: [{user: ada, role: member}]
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: engineer}
        spec:
          permissions:
            - {actions: [llm.chat], resources: ["model:openai/*"]}
        ---
        apiVersion: charter/v1
        kind: Provider
        metadata: {name: openai}
        spec: {type: openai}
        ---
        apiVersion: charter/v1
        kind: Model
        metadata: {name: openai/gpt-5.4}
        spec:
          provider: openai
          upstream: gpt-5.4
          prices: [{effectiveFrom: 2026-01-01, input: 1.25, output: 10}]

        """
}

extension DiagnosticCode {
    /// What the code means, at length.
    public var explanation: DiagnosticExplanation {
        switch self {
        case .fileTooLarge, .notUTF8, .noDocuments, .unreadableFile: filesExplanation
        case .malformedYAML, .nestedTooDeeply, .tooManyNodes, .aliasExpansion, .duplicateKey, .unsupportedTag: yamlExplanation
        case .notADocument, .unsupportedVersion, .unknownKind, .unknownField, .missingField, .wrongType, .invalidValue, .invalidName:
            structureExplanation
        case .duplicateName, .unresolvedReference, .cyclicReference, .organizationCount, .duplicateIdentity, .duplicateEntry:
            namesExplanation
        case .conditionSyntax, .conditionType, .conditionLimit, .constantCondition, .contradictoryCondition, .impossibleValue,
            .costlyCondition:
            conditionsExplanation
        case .unpricedModel, .unusedRole, .emptyTeam, .uncoveredControl, .endingModel, .expiringExemption, .budgetAboveParent,
            .overcommittedBudget:
            organizationExplanation
        case .idlePolicy, .shadowedRule, .endedModelInUse: policiesExplanation
        case .secretInDocument, .likelySecret: secretsExplanation
        case .invalidKey, .trustSettings, .unusedSigners, .expiredSigner: trustExplanation
        case .unusedFixture: testingExplanation
        case .unknownParameter, .missingParameter, .parameterType, .parameterValue, .invalidParameter, .misplacedParameter,
            .unusedParameter,
            .nestedTemplate, .expansionLimit:
            templatesExplanation
        default: meaningExplanation
        }
    }
}
