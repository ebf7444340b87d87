extension CodeEmitter {
    private static let operations: [CELFunction: Operation] = [
        .add: .add, .subtract: .subtract, .multiply: .multiply, .divide: .divide, .modulo: .modulo, .equal: .equal, .notEqual: .notEqual,
        .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater, .greaterOrEqual: .greaterOrEqual, .isIn: .isIn, .not: .not,
        .negate: .negate,
    ]

    mutating func emitCall(_ id: NodeID, _ receiver: NodeID?, _ arguments: [NodeID], into target: Int) {
        switch expression.references[id] {
        case .function(let function): emitCall(function, (receiver.map { [$0] } ?? []) + arguments, into: target)
        case .namespaced(let function): emitCall(function, arguments, into: target)
        case .variadic(let function):
            temporarily { emitter in
                let base = emitter.allocate()
                emitter.add(Instruction(.newList, base, number: arguments.count))
                for argument in arguments {
                    emitter.temporarily { inner in
                        let value = inner.operand(argument)
                        inner.add(Instruction(.append, base, value))
                    }
                }
                emitter.add(Instruction(.call, base, number: Int(function.rawValue)))
                emitter.add(Instruction(.move, target, base))
            }
        default: load(.null, into: target)
        }
    }

    private mutating func emitCall(_ function: CELFunction, _ operands: [NodeID], into target: Int) {
        if let operation = Self.operations[function] {
            if operands.count == 2 {
                emitBinary(operation, operands[0], operands[1], into: target)
            } else if let operand = operands.first {
                temporarily { emitter in
                    let value = emitter.operand(operand)
                    emitter.add(Instruction(operation, target, value))
                }
            }
            return
        }
        // Arguments lie in a row, so the call takes the top of the stack unless the target already is that.
        temporarily { emitter in
            let base = target == emitter.top - 1 ? target : emitter.allocate()
            if operands.count > 1 { _ = emitter.allocate(operands.count - 1) }
            for (position, operand) in operands.enumerated() {
                if position == 1, function == .matches, case .string(let pattern)? = emitter.folded[operand] {
                    emitter.loadPattern(pattern, operand, into: base + 1)
                } else {
                    emitter.emit(operand, into: base + position)
                }
            }
            emitter.add(Instruction(.call, base, number: Int(function.rawValue)))
            if base != target { emitter.add(Instruction(.move, target, base)) }
        }
    }

    /// A constant pattern is compiled once, here.
    private mutating func loadPattern(_ source: String, _ id: NodeID, into register: Int) {
        do throws(CELError) {
            let pattern = try CELPattern(source)
            load(.pattern(pattern), into: register)
        } catch {
            report(CELIssue(kind: .pattern, message: error.message, range: expression.tree[id].range))
        }
    }

    mutating func emitMessage(_ id: NodeID, _ fields: [SyntaxTree.Field], into target: Int) {
        guard case .constant(.type(let name)) = expression.references[id], let message = WellKnownTypes.messages[name] else {
            load(.null, into: target)
            return
        }
        if let constructor = message.constructor {
            emitConstructor(constructor.function, constructor.defaults, message.fields.map(\.name), fields, into: target)
            return
        }
        load(message.empty, into: target)
        // The fields of a message that stands for one value exclude each other; the last one set stays.
        for field in fields {
            guard let function = message.fields.first(where: { $0.name == field.name })?.function else { continue }
            emitField(field, empty: message.empty, into: target)
            add(Instruction(.call, target, number: Int(function.rawValue)))
        }
    }

    private mutating func emitField(_ field: SyntaxTree.Field, empty: CELValue, into target: Int) {
        guard field.isOptional else {
            emit(field.value, into: target)
            return
        }
        temporarily { emitter in
            let base = emitter.allocate(2)
            emitter.emit(field.value, into: base)
            emitter.load(empty, into: base + 1)
            emitter.add(Instruction(.call, base, number: Int(CELFunction.orValue.rawValue)))
            emitter.add(Instruction(.move, target, base))
        }
    }

    private mutating func emitConstructor(
        _ function: CELFunction, _ defaults: [CELValue], _ names: [String], _ fields: [SyntaxTree.Field], into target: Int
    ) {
        temporarily { emitter in
            let base = emitter.allocate(defaults.count)
            for (position, (name, value)) in zip(names, defaults).enumerated() {
                if let field = fields.last(where: { $0.name == name }) {
                    emitter.emitField(field, empty: value, into: base + position)
                } else {
                    emitter.load(value, into: base + position)
                }
            }
            emitter.add(Instruction(.call, base, number: Int(function.rawValue)))
            emitter.add(Instruction(.move, target, base))
        }
    }
}
