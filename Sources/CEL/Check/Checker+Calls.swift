extension Checker {
    mutating func call(_ id: NodeID, _ name: String, _ target: NodeID?, _ arguments: [NodeID], _ isAbsolute: Bool) -> CELType {
        guard let target else {
            let types = arguments.map { value($0) }
            return plainCall(id, name, arguments, types, isAbsolute)
        }
        // `math.abs(x)` is written like a call on a receiver; the qualified name wins if there is such a function.
        if let prefix = qualifiedName(target), let found = namespaced(prefix.name + "." + name, isAbsolute: prefix.isAbsolute) {
            let types = arguments.map { value($0) }
            if let function = Self.variadic[found] { return variadicCall(id, found, function, arguments, types) }
            return resolveCall(id, found, types, isReceiver: false, reference: Reference.namespaced)
        }
        let receiver = value(target)
        let types = [receiver] + arguments.map { value($0) }
        return resolveCall(id, name, types, isReceiver: true, reference: Reference.function)
    }

    private mutating func plainCall(
        _ id: NodeID, _ name: String, _ arguments: [NodeID], _ types: [CELType], _ isAbsolute: Bool
    ) -> CELType {
        for candidate in environment.candidates(for: name, isAbsolute: isAbsolute) where isFunction(candidate) {
            return resolveCall(id, candidate, types, isReceiver: false, reference: Reference.function)
        }
        references[id] = .unbound(name)
        let known = Declarations.all.keys.sorted() + environment.functions.map(\.name)
        report(.undeclared, "undeclared function `\(name)`", id, help: Suggestion.help(for: name, among: known))
        return .dyn
    }

    private func namespaced(_ name: String, isAbsolute: Bool) -> String? {
        environment.candidates(for: name, isAbsolute: isAbsolute).first { isFunction($0) || Self.variadic[$0] != nil }
    }

    private func isFunction(_ name: String) -> Bool {
        Declarations.all[name]?.contains { !$0.isReceiver } == true
            || environment.functions.contains { $0.name == name && $0.overloads.contains { !$0.isReceiverStyle } }
    }

    /// Finds the overload. Several may fit arguments that are `dyn`; then the result is `dyn` unless they agree.
    private mutating func resolveCall(
        _ id: NodeID, _ name: String, _ types: [CELType], isReceiver: Bool, reference: (CELFunction) -> Reference
    ) -> CELType {
        var function: CELFunction?
        var result: CELType?
        for candidate in overloads(name, isReceiver: isReceiver) where candidate.parameters.count == types.count {
            if function == nil { function = candidate.function }
            var parameters: [String: CELType] = [:]
            var attempt = solver
            let wanted = candidate.parameters.map { attempt.instantiate($0, &parameters) }
            let declared = attempt.instantiate(candidate.result, &parameters)
            guard zip(types, wanted).allSatisfy({ attempt.assign($0, to: $1) }) else { continue }
            if result == nil {
                // The first that fits decides which function is called; all of a name and arity are the same one.
                function = candidate.function
                solver = attempt
            }
            let type = attempt.resolve(declared).capped
            result = result.map { $0 == type ? $0 : .dyn } ?? type
        }
        references[id] = function.map(reference) ?? (Declarations.all[name] == nil ? .unbound(name) : .noOverload(name))
        guard isStrict else { return .dyn }
        if let result { return result }
        return noOverload(id, name, types, isReceiver: isReceiver)
    }

    private func overloads(_ name: String, isReceiver: Bool) -> [(function: CELFunction?, parameters: [CELType], result: CELType)] {
        var found: [(function: CELFunction?, parameters: [CELType], result: CELType)] = []
        for declaration in Declarations.all[name] ?? [] where declaration.isReceiver == isReceiver {
            found.append((declaration.function, declaration.parameters, declaration.result))
        }
        for declaration in environment.functions where declaration.name == name {
            for overload in declaration.overloads where overload.isReceiverStyle == isReceiver {
                found.append((nil, overload.parameters, overload.result))
            }
        }
        return found
    }

    private mutating func noOverload(_ id: NodeID, _ name: String, _ types: [CELType], isReceiver: Bool) -> CELType {
        let shown = types.map(describe)
        if let symbol = Self.symbol(name) {
            let text = shown.count == 1 ? "\(symbol)\(shown[0])" : shown.joined(separator: " \(symbol) ")
            report(.noOverload, "no matching overload for `\(symbol)`: \(text)", id, help: conversionHelp(name, types))
            return .dyn
        }
        if isReceiver, overloads(name, isReceiver: true).isEmpty {
            let methods = Declarations.all.filter { $0.value.contains(where: \.isReceiver) }.keys.sorted()
            report(.undeclared, "undeclared function `\(name)`", id, help: Suggestion.help(for: name, among: methods))
            return .dyn
        }
        let call =
            isReceiver ? "\(shown[0]).\(name)(\(shown.dropFirst().joined(separator: ", ")))" : "\(name)(\(shown.joined(separator: ", ")))"
        let known = overloads(name, isReceiver: isReceiver).prefix(4).map { overload in
            let parameters = overload.parameters.map(\.description)
            return isReceiver
                ? "\(parameters.first ?? "").\(name)(\(parameters.dropFirst().joined(separator: ", ")))"
                : "\(name)(\(parameters.joined(separator: ", ")))"
        }
        report(.noOverload, "no matching overload for `\(name)`: \(call)", id, help: "there is \(known.joined(separator: ", "))")
        return .dyn
    }

    private func conversionHelp(_ name: String, _ types: [CELType]) -> String? {
        guard types.count == 2 else { return nil }
        let pair = types.map { solver.resolve($0, final: true) }
        if name == "_+_", let other = pair.firstIndex(of: .string).map({ pair[1 - $0] }), other != .string { return "`string()` converts" }
        let numbers: Set<CELType> = [.int, .uint, .double]
        if pair[0] != pair[1], numbers.contains(pair[0]), numbers.contains(pair[1]) { return "`\(pair[0])()` or `\(pair[1])()` converts" }
        return nil
    }

    private static func symbol(_ name: String) -> String? {
        if name == "@in" { return "in" }
        guard name.hasSuffix("_"), let first = name.first, !first.isLetter else { return nil }
        return String(name.drop { $0 == "_" }.dropLast())
    }
}
