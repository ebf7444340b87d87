/// Checks an image from an untrusted source: what passes reads and writes nothing outside the image and the registers that it names.
enum GraphVerifier {
    /// - Parameter textBytes: how many bytes there are from where text constants count on; nil when that is the image's own text.
    static func verify(
        _ words: UnsafeBufferPointer<UInt64>, slotCount: Int, textBytes: Int? = nil
    ) throws(CELVerificationError) -> GraphImage.Layout {
        guard let layout = GraphImage.Layout(words) else { throw CELVerificationError(message: "no graph image") }
        guard layout.slotCount == slotCount else {
            throw CELVerificationError(message: "the graph is for \(layout.slotCount) slots, not \(slotCount)")
        }
        guard layout.registerCount <= CELActivation.registerLimit else { throw CELVerificationError(message: "too many registers") }
        guard layout.instructionCount < GraphExit.first, layout.patternCount * 2 <= layout.constantCount else {
            throw CELVerificationError(message: "too many instructions or patterns")
        }
        let verifier = Verifier(words: words, layout: layout, textBytes: textBytes ?? layout.textBytes)
        for position in 0..<layout.instructionCount { try verifier.instruction(position) }
        try verifier.termination()
        for pattern in 0..<layout.patternCount { try verifier.text(pattern * 2, position: 0) }
        return layout
    }

    private struct Verifier {
        let words: UnsafeBufferPointer<UInt64>
        let layout: GraphImage.Layout
        let textBytes: Int

        func require(_ condition: Bool, _ position: Int, _ message: @autoclosure () -> String) throws(CELVerificationError) {
            guard condition else { throw CELVerificationError(word: position, message: message()) }
        }

        func constant(_ word: Int) -> CELCell {
            CELCell(meta: words[layout.constantStart + word], payload: words[layout.constantStart + word + 1])
        }

        func instruction(_ position: Int) throws(CELVerificationError) {
            let word = words[GraphImage.headerWords + position * 2]
            let exits = words[GraphImage.headerWords + position * 2 + 1]
            guard let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) else {
                throw CELVerificationError(word: position, message: "unknown operation")
            }
            for shift in [0, 16, 32] {
                let target = UInt16(truncatingIfNeeded: exits >> UInt64(shift))
                // `value` is what `finish` alone ends in, with the cell of the result.
                try require(
                    target < layout.instructionCount || (GraphExit.all.contains(target) && target != GraphExit.value), position,
                    "target \(target) is out of range")
            }
            let (a, b, c) = (Int(UInt16(truncatingIfNeeded: word >> 16)), Int(UInt16(truncatingIfNeeded: word >> 32)), Int(word >> 48))
            try cells(operation, a, b, c, position)
            try constants(operation, c, position)
        }

        /// The instructions that may follow one.
        private func exits(of position: Int) -> [Int] {
            let exits = words[GraphImage.headerWords + position * 2 + 1]
            let word = words[GraphImage.headerWords + position * 2]
            if GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) == .finish { return [] }
            return [0, 16, 32].map { Int(UInt16(truncatingIfNeeded: exits >> $0)) }.filter { $0 < layout.instructionCount }
        }

        /// Only the turns of loops are charged for, so that every way round has to pass one: without them, no instruction leads back to itself.
        func termination() throws(CELVerificationError) {
            let count = layout.instructionCount
            func leads(from position: Int) -> [Int] {
                let word = words[GraphImage.headerWords + position * 2]
                switch GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) {
                case .loopNext, .loopNextPair: return []
                default: return exits(of: position)
                }
            }
            // Each part between turns of loops is reached from the start or from a turn.
            var isReached = [Bool](repeating: false, count: count)
            var pending = [0]
            while let position = pending.popLast() {
                guard position < count, !isReached[position] else { continue }
                isReached[position] = true
                pending += exits(of: position)
            }
            let reached = (0..<count).filter { isReached[$0] }
            var entries = [Int](repeating: 0, count: count)
            for position in reached { for target in leads(from: position) { entries[target] += 1 } }
            var free = reached.filter { entries[$0] == 0 }
            var ordered = 0
            while let position = free.popLast() {
                ordered += 1
                for target in leads(from: position) {
                    entries[target] -= 1
                    if entries[target] == 0 { free.append(target) }
                }
            }
            guard ordered == reached.count else { throw CELVerificationError(message: "the graph may run without end") }
        }

        private func cell(_ number: Int, _ position: Int, isWritten: Bool) throws(CELVerificationError) {
            try require(number < layout.slotCount + layout.registerCount, position, "cell \(number) is out of range")
            try require(!isWritten || number >= layout.slotCount, position, "a slot is written")
        }

        private func cells(
            _ operation: GraphOperation, _ a: Int, _ b: Int, _ c: Int, _ position: Int
        ) throws(CELVerificationError) {
            switch operation {
            case .jump, .clearError: return
            case .require, .isTrue, .isPresent, .intEqual, .intLess, .intLessOrEqual, .compareDouble, .textEqual, .inTextSet, .inIntSet,
                .startsWith, .endsWith, .contains, .matches, .compareConstant, .hasField, .checkError, .finish:
                try cell(a, position, isWritten: false)
            case .startsWithCell, .endsWithCell, .containsCell, .compare, .isIn:
                try cell(a, position, isWritten: false)
                try cell(b, position, isWritten: false)
            case .load, .setBool, .keepError, .increment: try cell(a, position, isWritten: true)
            case .move, .field, .negate, .size:
                try cell(a, position, isWritten: true)
                try cell(b, position, isWritten: false)
            case .index, .arithmetic:
                try cell(a, position, isWritten: true)
                try cell(b, position, isWritten: false)
                try cell(c, position, isWritten: false)
            case .call:
                guard let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: c)), function.givesScalar else {
                    throw CELVerificationError(word: position, message: "function \(c) cannot be called")
                }
                try cell(a, position, isWritten: true)
                try cell(b + function.arity - 1, position, isWritten: false)
            case .loopBegin:
                try cell(a, position, isWritten: true)
                try cell(a + 2, position, isWritten: true)
                try cell(b, position, isWritten: false)
            case .loopNext, .loopNextPair:
                try cell(a, position, isWritten: true)
                try cell(a + (operation == .loopNext ? 3 : 4), position, isWritten: true)
            }
        }

        private func constants(_ operation: GraphOperation, _ c: Int, _ position: Int) throws(CELVerificationError) {
            switch operation {
            case .textEqual, .startsWith, .endsWith, .contains, .hasField, .field: try text(c, position: position)
            case .inTextSet, .inIntSet: try set(c, isText: operation == .inTextSet, position)
            case .matches: try require(c < layout.patternCount, position, "pattern \(c) is out of range")
            default: if operation.readsConstant { try scalarOrText(c, position) }
            }
        }

        private func scalarOrText(_ word: Int, _ position: Int) throws(CELVerificationError) {
            try require(word + 2 <= layout.constantCount, position, "constant \(word) is out of range")
            switch CELCell.Tag(rawValue: constant(word).rawTag) {
            case .null, .bool, .int, .uint, .double, .timestamp, .duration: return
            default: try text(word, position: position)
            }
        }

        func text(_ word: Int, position: Int) throws(CELVerificationError) {
            try require(word + 2 <= layout.constantCount, position, "constant \(word) is out of range")
            try text(constant(word), position)
        }

        private func text(_ cell: CELCell, _ position: Int) throws(CELVerificationError) {
            try require(
                cell.isTagged(.text) && cell.meta & CELCell.programText != 0
                    && cell.offset + cell.count + TextHash.padding <= textBytes, position,
                "a text constant is malformed")
        }

        private func set(_ word: Int, isText: Bool, _ position: Int) throws(CELVerificationError) {
            try require(word < layout.constantCount, position, "constant \(word) is out of range")
            let mask = words[layout.constantStart + word]
            try require(mask < 1 << 24 && mask & (mask + 1) == 0, position, "the size of a set is malformed")
            try require(word + 1 + (Int(mask) + 1) * 2 <= layout.constantCount, position, "a set is cut off")
            var hasRoom = false
            for place in 0...Int(mask) {
                let member = constant(word + 1 + place * 2)
                if member.meta == 0 {
                    hasRoom = true
                } else if isText {
                    try text(member, position)
                } else {
                    try require(member.isTagged(.int), position, "a member of a set is no integer")
                }
            }
            // The search for what is not in the set ends at an empty place.
            try require(hasRoom, position, "a set has no empty place")
        }
    }
}
