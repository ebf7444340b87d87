extension Checker {
    mutating func name(_ id: NodeID) -> CELType {
        guard case .name(let name, let isAbsolute) = tree[id].kind else { return .dyn }
        if let type = resolve(id, name, isAbsolute: isAbsolute, allowsLocals: true) { return type }
        references[id] = .unbound(name)
        let known = scope.map(\.name) + environment.variables.map(\.name)
        report(.undeclared, "undeclared reference to `\(name)`", id, help: Suggestion.help(for: name, among: known))
        return .dyn
    }

    /// Finds a variable or a type by its whole name.
    private mutating func resolve(_ id: NodeID, _ name: String, isAbsolute: Bool, allowsLocals: Bool) -> CELType? {
        if allowsLocals, !isAbsolute, let local = local(name) {
            references[id] = .local(local.id)
            return local.type
        }
        for candidate in environment.candidates(for: name, isAbsolute: isAbsolute) {
            if let place = environment.place(of: candidate) {
                references[id] = place.type.isClosedRecord ? .place(place.slot) : .slot(place.slot)
                return isStrict ? place.type : (place.type.isClosedRecord ? place.type : .dyn)
            }
            if let constant = WellKnownTypes.constant(candidate) {
                references[id] = .constant(constant)
                return isStrict ? (constant == .null ? .null : .type) : .dyn
            }
        }
        return nil
    }

    func local(_ name: String) -> Local? { scope.last { $0.name == name } }

    /// A chain of plain selections as one name, unless it starts with a local variable.
    func qualifiedName(_ id: NodeID) -> (name: String, isAbsolute: Bool)? {
        switch tree[id].kind {
        case .name(let name, let isAbsolute): return !isAbsolute && local(name) != nil ? nil : (name, isAbsolute)
        case .select(let operand, let field, false):
            guard let prefix = qualifiedName(operand) else { return nil }
            return (prefix.name + "." + field, prefix.isAbsolute)
        default: return nil
        }
    }

    mutating func select(_ id: NodeID, _ operand: NodeID, _ field: String, _ isOptional: Bool) -> CELType {
        // The longest name that is declared wins (cel-spec langdef: Name Resolution).
        if !isOptional, let name = qualifiedName(id),
            let type = resolve(id, name.name, isAbsolute: name.isAbsolute, allowsLocals: false)
        {
            return type
        }
        let type = visit(operand)
        if case .place(let slot) = references[operand], case .record(let record) = type {
            return placed(id, record, slot, field, isOptional)
        }
        let result = self.field(field, of: type, id)
        return isOptional ? optional(result) : result
    }

    /// A field of a closed record spread over slots.
    private mutating func placed(_ id: NodeID, _ record: CELRecordType, _ slot: Int, _ field: String, _ isOptional: Bool) -> CELType {
        guard let type = record.field(named: field)?.type, let offset = record.offset(of: field) else {
            references[id] = .unbound(field)
            unknownField(field, record, id)
            return .dyn
        }
        references[id] = type.isClosedRecord ? .place(slot + offset) : .slot(slot + offset)
        let seen = isStrict || type.isClosedRecord ? type : .dyn
        return isOptional && !type.isClosedRecord ? optional(seen) : seen
    }

    private mutating func unknownField(_ field: String, _ record: CELRecordType, _ id: NodeID) {
        let names = record.fields.map(\.name)
        let help =
            Suggestion.help(for: field, among: names)
            ?? (names.count <= 8 ? "it has \(names.map { "`\($0)`" }.joined(separator: ", "))" : nil)
        report(.undeclared, "`\(record.name)` has no field `\(field)`", id, help: help)
    }

    func optional(_ type: CELType) -> CELType {
        if case .optional = solver.shallow(type) { return type }
        return .optional(type)
    }

    /// The type of a field of a value.
    mutating func field(_ name: String, of type: CELType, _ id: NodeID) -> CELType {
        switch solver.shallow(type) {
        case .dyn: return .dyn
        // Nothing is known of it, so everything is allowed.
        case .variable: return .dyn
        case .map(let key, let value):
            expect(.string, key, id, "key of a selection")
            return value
        case .record(let record):
            if let field = record.field(named: name) { return field.type }
            if !record.isOpen { unknownField(name, record, id) }
            return .dyn
        case .optional(let wrapped): return optional(field(name, of: wrapped, id))
        default:
            report(.type, "\(describe(type)) has no fields", id)
            return .dyn
        }
    }

    mutating func has(_ id: NodeID, _ operand: NodeID, _ field: String) -> CELType {
        let type = visit(operand)
        guard case .place(let slot) = references[operand], case .record(let record) = type else {
            _ = self.field(field, of: type, id)
            return .bool
        }
        guard let fieldType = record.field(named: field)?.type, let offset = record.offset(of: field) else {
            references[id] = .unbound(field)
            unknownField(field, record, id)
            return .bool
        }
        references[id] = fieldType.isClosedRecord ? .present : .slot(slot + offset)
        return .bool
    }

    mutating func index(_ id: NodeID, _ operand: NodeID, _ key: NodeID, _ isOptional: Bool) -> CELType {
        let result = element(of: value(operand), value(key), id, key)
        return isOptional ? optional(result) : result
    }

    private mutating func element(of type: CELType, _ key: CELType, _ id: NodeID, _ keyNode: NodeID) -> CELType {
        switch solver.shallow(type) {
        case .dyn: return .dyn
        case .variable: return .dyn
        case .list(let element):
            expect(key, .int, keyNode, "index of a list")
            return element
        case .map(let keyType, let value):
            expect(key, keyType, keyNode, "key of the map")
            return value
        case .record:
            expect(key, .string, keyNode, "key of the record")
            return .dyn
        case .optional(let wrapped): return optional(element(of: wrapped, key, id, keyNode))
        default:
            report(.noOverload, "\(describe(type)) cannot be indexed", id)
            return .dyn
        }
    }
}
