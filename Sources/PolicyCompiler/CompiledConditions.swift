import CEL
import Diagnostics
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

    /// What came of a document's conditions.
    private struct Entry<Programs> {
        var document: Document
        var programs: Programs
        var diagnostics: [Diagnostic]
    }

    private var roles: [String: Entry<[CELProgram?]>] = [:]
    private var policyEntries: [String: Entry<PolicyConditions>] = [:]
    private var templates: [String: Entry<Void>] = [:]
    private var invariants: [String: Entry<Void>] = [:]

    /// Of the permissions of a role.
    func permissions(ofRole name: String) -> [CELProgram?] { roles[name]?.programs ?? [] }

    func policy(_ name: String) -> PolicyConditions { policyEntries[name]?.programs ?? PolicyConditions() }

    /// In no order.
    var diagnostics: [Diagnostic] {
        roles.values.flatMap(\.diagnostics) + policyEntries.values.flatMap(\.diagnostics) + invariants.values.flatMap(\.diagnostics)
    }

    /// Of templates by themselves, in no order.
    var templateDiagnostics: [Diagnostic] { templates.values.flatMap(\.diagnostics) }

    /// - Parameter known: those of another version, compiled for the same declarations.
    init(_ governance: Governance, _ compiler: ConditionCompiler, known: CompiledConditions? = nil) {
        var compiler = compiler
        roles = Self.entries(governance.all(.role), known?.roles, &compiler) { document, compiler in
            Role(spec: document.spec).permissions.map { permission in
                permission.when.flatMap { compiler.compile($0, in: compiler.base, expecting: .bool) }
            }
        }
        policyEntries = Self.entries(governance.policies, known?.policyEntries, &compiler) { document, compiler in
            Self.compile(Policy(spec: document.spec), &compiler)
        }
        templates = Self.entries(governance.all(.policyTemplate), known?.templates, &compiler) { document, compiler in
            if let specimen = document.specimen { _ = Self.compile(Policy(spec: specimen.spec), &compiler) }
        }
        invariants = Self.entries(governance.all(.invariant), known?.invariants, &compiler) { document, compiler in
            if let when = document.spec["never"]?.string("when") { _ = compiler.compile(when, in: compiler.base, expecting: .bool) }
        }
    }

    private static func entries<Programs>(
        _ documents: [Document], _ known: [String: Entry<Programs>]?, _ compiler: inout ConditionCompiler,
        _ compile: (Document, inout ConditionCompiler) -> Programs
    ) -> [String: Entry<Programs>] {
        var entries: [String: Entry<Programs>] = [:]
        for document in documents {
            if let entry = known?[document.plainName], entry.document === document {
                entries[document.plainName] = entry
            } else {
                let programs = compile(document, &compiler)
                entries[document.plainName] = Entry(
                    document: document, programs: programs, diagnostics: document.explained(compiler.takeDiagnostics()))
            }
        }
        return entries
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
