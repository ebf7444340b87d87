import CEL
import Foundation

/// One case of the conformance suite, as its JSON says.
struct ConformanceCase {
    enum Expectation {
        case value(CELValue)
        case type(CELType, CELValue?)
        case error
    }

    struct Unreadable: Error { var what: String }

    let id: String
    let expression: String
    let container: String
    let isChecked: Bool
    let isOnlyChecked: Bool
    let expandsMacros: Bool
    let variables: [CELEnvironment.Variable]
    let functions: [CELFunctionDeclaration]
    let bindings: [String: CELValue]
    let expectation: Expectation

    init(_ json: [String: Any]) throws {
        id = json["id"] as? String ?? "?"
        expression = json["expr"] as? String ?? ""
        container = json["container"] as? String ?? ""
        isChecked = !(json["disableCheck"] as? Bool ?? false)
        isOnlyChecked = json["checkOnly"] as? Bool ?? false
        expandsMacros = !(json["disableMacros"] as? Bool ?? false)
        var bindings: [String: CELValue] = [:]
        for (name, value) in json["bindings"] as? [String: [String: Any]] ?? [:] {
            guard let value = value["value"] as? [String: Any] else { throw Unreadable(what: "binding of \(name)") }
            bindings[name] = try ConformanceValue.read(value)
        }
        self.bindings = bindings
        var variables: [CELEnvironment.Variable] = []
        var functions: [CELFunctionDeclaration] = []
        for declaration in json["typeEnv"] as? [[String: Any]] ?? [] {
            let name = declaration["name"] as? String ?? ""
            if let identifier = declaration["ident"] as? [String: Any] {
                variables.append(.init(name, try ConformanceType.read(identifier["type"] as? [String: Any] ?? [:])))
            } else if let function = declaration["function"] as? [String: Any] {
                functions.append(try ConformanceType.function(name, function))
            }
        }
        for name in bindings.keys.sorted() where !variables.contains(where: { $0.name == name }) { variables.append(.init(name, .dyn)) }
        self.variables = variables
        self.functions = functions
        if let typed = json["typedResult"] as? [String: Any] {
            let result = try (typed["result"] as? [String: Any]).map(ConformanceValue.read)
            expectation = .type(try ConformanceType.read(typed["deducedType"] as? [String: Any] ?? [:]), result)
        } else if json["evalError"] != nil || json["anyEvalErrors"] != nil {
            expectation = .error
        } else if let value = json["value"] as? [String: Any] {
            expectation = .value(try ConformanceValue.read(value))
        } else {
            expectation = .value(.bool(true))
        }
    }

    var environment: CELEnvironment { CELEnvironment(variables: variables, container: container, functions: functions) }
    var slots: [CELValue?] { variables.map { bindings[$0.name] } }
}

extension ConformanceCase {
    /// Nil if the case passes, else why not.
    func failure(_ engine: ConformanceEngine) -> String? {
        do throws(CELIssues) {
            if case .type(let type, _) = expectation {
                let deduced = try CELCompiler.deduceType(expression, in: environment)
                guard deduced == type else { return "deduced \(deduced), expected \(type)" }
            }
            return isOnlyChecked ? nil : failure(of: try evaluate(engine))
        } catch {
            if case .error = expectation { return nil }
            return "issues: \(error)"
        }
    }

    private func evaluate(_ engine: ConformanceEngine) throws(CELIssues) -> CELValue {
        switch (engine, isChecked) {
        case (.oracle, true): return try CELOracle.evaluate(expression, in: environment, slots: slots)
        case (.oracle, false):
            return try CELOracle.evaluateUnchecked(expression, in: environment, slots: slots, expandingMacros: expandsMacros)
        case (.machine, _), (.graph, _):
            let program =
                isChecked
                ? try CELCompiler.compile(expression, in: environment)
                : try CELCompiler.compileUnchecked(expression, in: environment, expandingMacros: expandsMacros)
            do throws(CELVerificationError) {
                let prepared = try CELPrepared(program, slotCount: environment.slots.count)
                if engine == .graph { return prepared.value(CELActivation(slots: slots)) }
            } catch {
                return .string("rejected by the verifier: \(error)")
            }
            return CELMachine.evaluate(program, slots: slots)
        }
    }

    private func failure(of result: CELValue) -> String? {
        switch expectation {
        case .error: return result.isError ? nil : "no error but \(result)"
        case .value(let value), .type(_, let value?):
            return result == value ? nil : "got \(result.typeName) \(result), expected \(value.typeName) \(value)"
        case .type(_, nil): return nil
        }
    }
}
