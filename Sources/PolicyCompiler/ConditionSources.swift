import CEL
import Diagnostics
import GovernanceModel

/// The conditions of a repository as they stand in its documents, with what each may read: for what is about the text, such as the coverage of tests.
public struct ConditionSources: Sendable {
    /// An expression in a document.
    public struct Expression: Sendable {
        public var source: Located<String>
        public var environment: CELEnvironment

        /// Where a part of it stands; of a text that was folded or escaped, the whole.
        ///
        /// - Parameter range: UTF-8 offsets into the expression.
        public func span(of range: Range<Int>) -> SourceSpan { ConditionCompiler.span(of: range, in: source) }
    }

    public struct Policy: Sendable {
        public var name: String
        /// The slots of their values follow those of the request.
        public var variables: [(name: Located<String>, expression: Expression)]
        /// With nil for a rule that always holds.
        public var rules: [(name: Located<String>, condition: Expression?)]
    }

    public struct Role: Sendable {
        public var name: String
        /// With nil for a permission that has none.
        public var permissions: [(span: SourceSpan, condition: Expression?)]
    }

    public let policies: [Policy]
    public let roles: [Role]
    /// Slots of the request.
    public let slotCount: Int

    /// - Parameter governance: compiles without an error.
    public init(_ governance: Governance) {
        var compiler = ConditionCompiler(organization: governance.organization)
        let base = compiler.base
        slotCount = base.slots.count
        policies = governance.policies.map { Self.policy($0, &compiler) }
        roles = governance.all(.role).map { document in
            Role(
                name: document.plainName,
                permissions: GovernanceModel.Role(spec: document.spec).permissions.map { permission in
                    (permission.node.span, permission.when.map { Expression(source: $0, environment: base) })
                })
        }
    }

    private static func policy(_ document: Document, _ compiler: inout ConditionCompiler) -> Policy {
        let policy = GovernanceModel.Policy(spec: document.spec)
        var fields: [CELRecordType.Field] = []
        var variables: [(name: Located<String>, expression: Expression)] = []
        for variable in policy.variables {
            let environment = compiler.environment(with: fields)
            let program = compiler.compile(variable.expression, in: environment, expecting: nil)
            fields.append(CELRecordType.Field(name: variable.name.value, type: program?.program.resultType ?? .dyn))
            variables.append((variable.name, Expression(source: variable.expression, environment: environment)))
        }
        let environment = compiler.environment(with: fields)
        return Policy(
            name: document.plainName, variables: variables,
            rules: policy.rules.map { rule in (rule.name, rule.when.map { Expression(source: $0, environment: environment) }) })
    }
}
