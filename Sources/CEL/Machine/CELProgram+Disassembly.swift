extension CELProgram {
    /// The program as text: the graph, if there is one, then the words of the general machine, then its constants.
    public var disassembly: String {
        var lines: [String] = []
        if !graph.isEmpty { lines += ["graph"] + GraphDisassembly.lines(graph) }
        lines.append("general, \(registerCount) registers")
        for position in words.indices { lines.append("  \(pad(position))  \(text(Instruction(word: words[position]), position))") }
        if !constants.isEmpty { lines.append("constants") }
        for (number, constant) in constants.enumerated() {
            lines.append("  \(pad(number))  \(constant.typeName) \(Self.oneLine(constant))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func oneLine(_ value: CELValue) -> String {
        var text = ""
        for scalar in value.text.unicodeScalars.prefix(60) {
            // What `escaped` leaves of these could still command a terminal.
            let isUnseen = [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            text += scalar.escaped(asASCII: isUnseen)
        }
        return text
    }

    private func text(_ instruction: Instruction, _ position: Int) -> String {
        guard let operation = instruction.operation else { return "unknown \(instruction.word)" }
        let (a, b, c, number) = (instruction.a, instruction.b, instruction.c, instruction.number)
        let target = "→ \(position + 1 + number)"
        switch operation {
        case .finish, .isOne, .newMap: return "\(operation) r\(a)"
        case .constant, .missing, .unbound, .noOverload, .field, .optionalField, .hasField: return "\(operation) r\(a), constant \(number)"
        case .slot, .hasSlot: return "\(operation) r\(a), slot \(number)"
        case .jump: return "jump → \(position + 1 + instruction.distance)"
        case .jumpIfTrue, .jumpIfFalse, .jumpIfError, .condition, .loopBegin, .loopNext, .loopNextPair, .unwrap:
            return "\(operation) r\(a) \(target)"
        case .move, .and, .or, .not, .negate, .append, .appendOptional, .merge, .count: return "\(operation) r\(a), r\(b)"
        case .newList: return "\(operation) r\(a), \(number)"
        case .call:
            let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: number))
            return "call r\(a), \(function.map { "\($0)" } ?? "\(number)")"
        default: return "\(operation) r\(a), r\(b), r\(c)"
        }
    }
}

/// A number in four columns.
private func pad(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: " ", count: max(0, 4 - text.utf8.count)) + text
}

/// The text of a graph.
enum GraphDisassembly {
    static func lines(_ words: [UInt64]) -> [String] { words.withUnsafeBufferPointer { lines($0) } }

    /// - Parameter memory: what the graph's texts are counted from, where that is not the beginning of its own.
    static func lines(_ words: UnsafeBufferPointer<UInt64>, memory: UnsafeRawBufferPointer? = nil) -> [String] {
        let slotCount = Int(UInt32(truncatingIfNeeded: words.count > 3 ? words[3] : 0))
        guard let layout = try? GraphVerifier.verify(words, slotCount: slotCount, textBytes: memory?.count) else { return ["  malformed"] }
        let text = memory ?? UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(words)[(layout.textStart * 8)...])
        return (0..<layout.instructionCount).map { position in
            let word = words[GraphImage.headerWords + position * 2]
            return "  \(pad(position))  \(line(word, words[GraphImage.headerWords + position * 2 + 1], words, layout, text))"
        }
    }

    private static func line(
        _ word: UInt64, _ exits: UInt64, _ words: UnsafeBufferPointer<UInt64>, _ layout: GraphImage.Layout, _ text: UnsafeRawBufferPointer
    ) -> String {
        guard let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) else { return "unknown" }
        let (a, b, c) = (Int(UInt16(truncatingIfNeeded: word >> 16)), Int(UInt16(truncatingIfNeeded: word >> 32)), Int(word >> 48))
        func cell(_ number: Int) -> String { number < layout.slotCount ? "slot \(number)" : "r\(number - layout.slotCount)" }
        func target(_ shift: UInt64) -> String { self.target(UInt16(truncatingIfNeeded: exits >> shift)) }
        var operands: [String]
        switch operation {
        case .jump, .clearError: operands = []
        case .startsWithCell, .endsWithCell, .containsCell, .compare, .isIn, .move, .negate, .size, .loopBegin:
            operands = [cell(a), cell(b)]
        case .field: operands = [cell(a), cell(b)]
        case .index, .arithmetic: operands = [cell(a), cell(b), cell(c)]
        case .call: operands = [cell(a), cell(b), CELFunction(rawValue: UInt16(c)).map { "\($0)" } ?? "\(c)"]
        case .matches: operands = [cell(a), "pattern \(c) \(constant(c * 2, words, layout, text))"]
        default: operands = [cell(a)]
        }
        if operation == .inTextSet || operation == .inIntSet {
            operands.append(set(c, words, layout, text))
        } else if operation.readsConstant {
            operands.append(constant(c, words, layout, text))
        }
        let flags = UInt8(truncatingIfNeeded: word >> 8)
        switch operation {
        case .compare, .compareConstant, .compareDouble:
            operands.insert("\(GraphCondition(rawValue: flags & 7) ?? .equal)", at: 0)
        case .arithmetic: operands.insert(flags < 5 ? ["+", "-", "*", "/", "%"][Int(flags)] : "?", at: 0)
        case .setBool: operands.append(flags == 0 ? "false" : "true")
        case .finish: return "finish \(operands[0])"
        default: break
        }
        let exits = operation == .finish ? "" : " → \(target(0)), \(target(16)), \(target(32))"
        return "\(operation) \(operands.joined(separator: ", "))\(exits)"
    }

    private static func target(_ target: UInt16) -> String {
        switch target {
        case GraphExit.isTrue: "true"
        case GraphExit.isFalse: "false"
        case GraphExit.error: "error"
        case GraphExit.general: "general"
        case GraphExit.budget: "budget"
        default: String(target)
        }
    }

    /// The first members of a set, sorted, and how many there are.
    private static func set(
        _ word: Int, _ words: UnsafeBufferPointer<UInt64>, _ layout: GraphImage.Layout, _ text: UnsafeRawBufferPointer
    ) -> String {
        let places = 0...Int(words[layout.constantStart + word])
        let members = places.map { word + 1 + $0 * 2 }.filter { words[layout.constantStart + $0] != 0 }
            .map { constant($0, words, layout, text) }.sorted()
        let shown = members.prefix(10).joined(separator: ", ")
        return members.count > 10 ? "{\(shown), … \(members.count) in all}" : "{\(shown)}"
    }

    private static func constant(
        _ word: Int, _ words: UnsafeBufferPointer<UInt64>, _ layout: GraphImage.Layout, _ text: UnsafeRawBufferPointer
    ) -> String {
        let cell = CELCell(meta: words[layout.constantStart + word], payload: words[layout.constantStart + word + 1])
        if let value = cell.scalar { return CELProgram.oneLine(value) }
        // INVARIANT: the verifier has seen that texts stay inside of `text`.
        let bytes = text[cell.offset..<cell.offset + cell.count]
        return "\"\(CELProgram.oneLine(.string(String(decoding: bytes, as: UTF8.self))))\""
    }
}
