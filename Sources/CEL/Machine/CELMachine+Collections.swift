extension CELMachine {
    mutating func build(_ operation: Operation, _ instruction: Instruction) {
        let (a, b, c) = (instruction.a, instruction.b, instruction.c)
        switch operation {
        case .newList:
            var list: [CELValue] = []
            list.reserveCapacity(min(instruction.number, CELLimits.literalElements))
            registers[a] = .list(list)
        case .append: append(registers[b], to: a)
        case .appendOptional:
            switch registers[b] {
            case .optional(let value?): append(value, to: a)
            case .optional(nil): break
            case let other: append(.noOverload("optional element", other), to: a)
            }
        case .newMap: registers[a] = .map(CELMap())
        case .insert: insert(registers[b], registers[c], into: a)
        case .insertOptional:
            switch registers[c] {
            case .optional(let value?): insert(registers[b], value, into: a)
            case .optional(nil): if registers[b].isError { insert(registers[b], .null, into: a) }
            case let other: insert(registers[b], .noOverload("optional entry", other), into: a)
            }
        default:
            guard case .map(let entries) = registers[b] else {
                insert(.noOverload("transformMapEntry", registers[b]), .null, into: a)
                return
            }
            meter.charge(entries.count)
            guard !meter.isExhausted else { return }
            for (key, value) in entries { insert(key, value, into: a) }
        }
    }

    private mutating func append(_ value: CELValue, to register: Int) {
        guard case .list(var list) = registers[register] else {
            if !registers[register].isError { registers[register] = .malformed }
            return
        }
        if value.isError {
            registers[register] = value
            return
        }
        // The register lets go of the list, so that it is not copied for having two owners.
        registers[register] = .null
        list.append(value)
        registers[register] = .list(list)
    }

    private mutating func insert(_ key: CELValue, _ value: CELValue, into register: Int) {
        guard case .map(var map) = registers[register] else {
            if !registers[register].isError { registers[register] = .malformed }
            return
        }
        registers[register] = .null
        let error = map.insert(key, value)
        registers[register] = error ?? .map(map)
    }

    mutating func iterate(_ operation: Operation, _ instruction: Instruction) {
        let a = instruction.a
        switch operation {
        case .loopBegin:
            switch registers[a] {
            case .list, .map: registers[a + 1] = .int(-1)
            default:
                registers[a] = .noOverload("comprehension", registers[a])
                position += instruction.number
            }
        case .loopNext, .loopNextPair:
            guard case .int(let last) = registers[a + 1], last >= -1, last < .max else {
                registers[a] = .malformed
                position += instruction.number
                return
            }
            registers[a + 1] = .int(last + 1)
            step(a, Int(last + 1), isPair: operation == .loopNextPair, exit: instruction.number)
        case .count:
            switch (registers[a], registers[instruction.b]) {
            case (.error, _): break
            case (.int(let count), .bool(let isTrue)): registers[a] = .int(isTrue ? count &+ 1 : count)
            case (_, let other): registers[a] = .noOverload("predicate", other)
            }
        case .isOne:
            if case .int(let count) = registers[a] { registers[a] = .bool(count == 1) }
        default:
            switch registers[a] {
            case .optional(let value?): registers[a + 1] = value
            case .optional(nil): position += instruction.number
            case let other:
                registers[a] = .noOverload("optMap", other)
                position += instruction.number
            }
        }
    }

    private mutating func step(_ a: Int, _ index: Int, isPair: Bool, exit: Int) {
        switch registers[a] {
        case .list(let list) where index < list.count:
            registers[a + 2] = isPair ? .int(Int64(index)) : list[index]
            if isPair { registers[a + 3] = list[index] }
        case .map(let map) where index < map.count:
            registers[a + 2] = map.keys[index]
            if isPair { registers[a + 3] = map.values[index] }
        default: position += exit
        }
    }
}
