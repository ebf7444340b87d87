extension Checker {
    mutating func message(_ id: NodeID, _ name: String, _ isAbsolute: Bool, _ fields: [SyntaxTree.Field]) -> CELType {
        let types = fields.map { value($0.value) }
        let candidates = environment.candidates(for: name, isAbsolute: isAbsolute)
        guard let known = candidates.first(where: { WellKnownTypes.messages[$0] != nil }), let message = WellKnownTypes.messages[known]
        else {
            references[id] = .unbound(name)
            report(
                .undeclared, "undeclared message type `\(name)`", id,
                help: "only the well-known types of google.protobuf can be constructed")
            return .dyn
        }
        references[id] = .constant(.type(known))
        for (field, type) in zip(fields, types) {
            guard let declared = message.fields.first(where: { $0.name == field.name }) else {
                references[id] = .unbound(field.name)
                let help = Suggestion.help(for: field.name, among: message.fields.map(\.name))
                report(.undeclared, "`\(known)` has no field `\(field.name)`", field.value, help: help)
                continue
            }
            expect(field.isOptional ? unwrapped(type, field.value) : type, declared.type, field.value, "field `\(field.name)`")
        }
        return isStrict ? message.type : .dyn
    }
}
