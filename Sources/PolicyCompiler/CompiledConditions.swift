import CEL
import GovernanceModel

/// The programs of every condition of a repository.
struct CompiledConditions {
    struct PolicyConditions {
        var variables: [CELProgram] = []
        var conditions: [CELProgram?] = []
        var messages: [CELProgram?] = []
        /// Slots of the request and of the policy's variables.
        var slotCount = 0
    }

    private(set) var permissions: [String: [CELProgram?]] = [:]
    private(set) var policies: [String: PolicyConditions] = [:]

    init(_ governance: Governance, _ compiler: inout ConditionCompiler) {
        for document in governance.all(.role) {
            permissions[document.name.value] = Role(spec: document.spec).permissions.map { permission in
                permission.when.flatMap { compiler.compile($0, in: compiler.base, expecting: .bool) }
            }
        }
        for document in governance.all(.policy) {
            policies[document.name.value] = Self.compile(Policy(spec: document.spec), &compiler)
        }
        for document in governance.all(.invariant) {
            if let when = document.spec["never"]?.string("when") { _ = compiler.compile(when, in: compiler.base, expecting: .bool) }
        }
    }

    private static func compile(_ policy: Policy, _ compiler: inout ConditionCompiler) -> PolicyConditions {
        var result = PolicyConditions()
        var fields: [CELRecordType.Field] = []
        for variable in policy.variables {
            let program = compiler.compile(variable.expression, in: compiler.environment(with: fields), expecting: nil)
            // A variable that failed is `dyn` for those that use it, so that one mistake is reported once.
            fields.append(CELRecordType.Field(name: variable.name.value, type: program?.resultType ?? .dyn))
            if let program { result.variables.append(program) }
        }
        let environment = compiler.environment(with: fields)
        result.slotCount = environment.slots.count
        for rule in policy.rules {
            result.conditions.append(rule.when.flatMap { compiler.compile($0, in: environment, expecting: .bool) })
            result.messages.append(rule.message.flatMap { compiler.compile($0, in: environment, expecting: .string) })
        }
        return result
    }
}
