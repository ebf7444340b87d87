import CEL
import Diagnostics
import GovernanceModel

/// The programs of every condition of a repository.
struct CompiledConditions: Sendable {
    struct PolicyConditions: Sendable {
        var variables: [CELProgram] = []
        var conditions: [CELProgram?] = []
        var messages: [CELProgram?] = []
        /// Slots of the request and of the policy's variables.
        var slotCount = 0
    }

    /// What came of a document's conditions.
    private struct Entry<Programs: Sendable>: Sendable {
        var document: Document
        var programs: Programs
        var logic: ConditionLogic
        var diagnostics: [Diagnostic]
    }

    private var roles: [String: Entry<[CELProgram?]>] = [:]
    private var policyEntries: [String: Entry<PolicyConditions>] = [:]
    private var templates: [String: Entry<Void>] = [:]
    private var invariants: [String: Entry<Void>] = [:]

    /// Of the permissions of a role.
    func permissions(ofRole name: String) -> [CELProgram?] { roles[name]?.programs ?? [] }

    func policy(_ name: String) -> PolicyConditions { policyEntries[name]?.programs ?? PolicyConditions() }

    /// What the rules of a policy ask.
    func logic(ofPolicy name: String) -> ConditionLogic { policyEntries[name]?.logic ?? ConditionLogic() }

    /// Of all documents, in no order.
    var logic: [ConditionLogic] { roles.values.map(\.logic) + policyEntries.values.map(\.logic) + invariants.values.map(\.logic) }

    /// In no order.
    var diagnostics: [Diagnostic] {
        roles.values.flatMap(\.diagnostics) + policyEntries.values.flatMap(\.diagnostics) + invariants.values.flatMap(\.diagnostics)
    }

    /// Of templates by themselves, in no order. Errors alone: what a condition comes to with one value of a parameter is nothing to warn of.
    var templateDiagnostics: [Diagnostic] { templates.values.flatMap { $0.diagnostics.filter { $0.severity == .error } } }

    /// - Parameter known: those of another version, compiled for the same declarations.
    init(_ governance: Governance, _ compiler: ConditionCompiler, known: CompiledConditions? = nil) {
        var compiler = compiler
        roles = Self.entries(governance.all(.role), known?.roles, &compiler) { document, logic, compiler in
            Role(spec: document.spec).permissions.map { permission in
                permission.when.flatMap { Self.condition($0, .permission, &logic, &compiler)?.program }
            }
        }
        policyEntries = Self.entries(governance.policies, known?.policyEntries, &compiler) { document, logic, compiler in
            Self.compile(Policy(spec: document.spec), &logic, &compiler)
        }
        templates = Self.entries(governance.all(.policyTemplate), known?.templates, &compiler) { document, logic, compiler in
            if let specimen = document.specimen { _ = Self.compile(Policy(spec: specimen.spec), &logic, &compiler) }
        }
        invariants = Self.entries(governance.all(.invariant), known?.invariants, &compiler) { document, logic, compiler in
            if let when = document.spec["never"]?.string("when") { _ = Self.condition(when, .invariant, &logic, &compiler) }
        }
    }

    /// The program of a condition without variables, and what it asks.
    private static func condition(
        _ source: Located<String>, _ use: ConditionChecker.Use, _ logic: inout ConditionLogic, _ compiler: inout ConditionCompiler
    ) -> (program: CELProgram, formula: CELFormula?)? {
        compiler.checker.beginPolicy()
        return condition(source, use, in: compiler.base, &logic, &compiler)
    }

    private static func condition(
        _ source: Located<String>, _ use: ConditionChecker.Use, in environment: CELEnvironment, _ logic: inout ConditionLogic,
        _ compiler: inout ConditionCompiler
    ) -> (program: CELProgram, formula: CELFormula?)? {
        guard let compiled = compiler.compile(source, in: environment, expecting: .bool) else { return nil }
        logic.add(compiled.expression, source)
        return (compiled.program, compiler.checker.condition(compiled.expression, source, use))
    }

    /// With some values of a template's parameters a condition may well be constant.
    private static func worthTelling(_ diagnostics: [Diagnostic], _ document: Document) -> [Diagnostic] {
        document.isMadeFromTemplate ? diagnostics.filter { $0.code != .constantCondition } : diagnostics
    }

    private static func entries<Programs>(
        _ documents: [Document], _ known: [String: Entry<Programs>]?, _ compiler: inout ConditionCompiler,
        _ compile: (Document, inout ConditionLogic, inout ConditionCompiler) -> Programs
    ) -> [String: Entry<Programs>] {
        var entries: [String: Entry<Programs>] = [:]
        for document in documents {
            if let entry = known?[document.plainName], entry.document === document {
                entries[document.plainName] = entry
            } else {
                var logic = ConditionLogic()
                let programs = compile(document, &logic, &compiler)
                entries[document.plainName] = Entry(
                    document: document, programs: programs, logic: logic,
                    diagnostics: document.explained(Self.worthTelling(compiler.takeDiagnostics(), document)))
            }
        }
        return entries
    }

    private static func compile(
        _ policy: Policy, _ logic: inout ConditionLogic, _ compiler: inout ConditionCompiler
    ) -> PolicyConditions {
        var result = PolicyConditions()
        var fields: [CELRecordType.Field] = []
        compiler.checker.beginPolicy()
        for variable in policy.variables {
            let compiled = compiler.compile(variable.expression, in: compiler.environment(with: fields), expecting: nil)
            compiler.checker.variable(variable.name.value, compiled?.expression, variable.expression)
            // A variable that failed is `dyn` for those that use it, so that one mistake is reported once.
            fields.append(CELRecordType.Field(name: variable.name.value, type: compiled?.program.resultType ?? .dyn))
            guard let compiled else { continue }
            logic.add(compiled.expression, variable.expression)
            result.variables.append(compiled.program)
        }
        let environment = compiler.environment(with: fields)
        result.slotCount = environment.slots.count
        for rule in policy.rules {
            let condition = rule.when.flatMap {
                Self.condition($0, .rule(rule.name.value), in: environment, &logic, &compiler)
            }
            result.conditions.append(condition?.program)
            logic.rules.append(rule.when == nil ? .isTrue : condition?.formula)
            let message = rule.message.flatMap { compiler.compile($0, in: environment, expecting: .string) }
            if let message, let source = rule.message { compiler.checker.check(message.expression, source) }
            result.messages.append(message?.program)
        }
        return result
    }
}
