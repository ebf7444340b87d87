/// A condition of a few simple predicates as one line of a cache: what each predicate reads, and what the condition comes to for all that they
/// can come to together.
///
///     bytes 0–7     results: two bits for each combination (0 false, 1 true, 2 an error, 3 for the general machine), the first predicate counting
///                   singly, the second three times, the third nine times; bit 63 is set
///     bytes 8–15    predicates, 21 bits each: what is compared (bits 0–3), the tag that the cell must have (bits 4–7), the slot (bits 8–20)
///     bytes 16–39   the payloads of the constants that they compare with
///     bytes 40–51   the hashes of those that are texts
///
/// All zeros where a condition has no such table. A table says the same as the graph that it was made of, with few branches that depend on the
/// request: nobody could foretell them, and a wrong guess costs more than a predicate does. The third predicate is asked for only where it
/// matters. What a table cannot decide (a value of another type, a long list) is left to the graph.
public struct CELDecisionTable: Sendable, Equatable {
    /// In 32-bit words.
    public static let wordCount = 13
    public let words: [UInt32]

    /// That of a condition that has none.
    public static let none = CELDecisionTable(results: 0, predicates: 0, payloads: [0, 0, 0], hashes: [0, 0, 0])
    /// That of a condition that always holds.
    public static let always = CELDecisionTable(
        results: isTable | 0x0015_5555_5555_5555, predicates: 0, payloads: [0, 0, 0], hashes: [0, 0, 0])

    private init(results: UInt64, predicates: UInt64, payloads: [UInt64], hashes: [UInt32]) {
        words =
            ([results, predicates] + payloads).flatMap { [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)] } + hashes
    }

    static let predicateLimit = 3
    /// Longer lists are left to the graph, which stops at what decides.
    static let listLimit = 32
    private static let isTable: UInt64 = 1 << 63
    private static let predicateBits: UInt64 = 21
    private static let slotLimit = 1 << 13

    /// What a predicate compares. Numbers are part of the format. Below `special` a bit for each order of the cell and the constant in which
    /// the predicate holds: 1 less, 2 equal, 4 greater, by payload.
    enum Comparison {
        static let less: UInt8 = 1, equal: UInt8 = 2, lessOrEqual: UInt8 = 3, differs: UInt8 = 5
        static let special: UInt8 = 8
        static let isPresent: UInt8 = 8
        /// From here on, as `GraphCondition` numbers them.
        static let double: UInt8 = 9
        static let listHasText: UInt8 = 15
    }

    // MARK: Making

    /// - Parameter image: of a program, as `CELProgram.image(at:texts:)` gives it.
    public init(ofImage image: [UInt64]) {
        self = image.withUnsafeBufferPointer { image in
            let start = CELProgram.imageHeaderWords
            guard image.count > start, CELProgram.graphCount(image) > 0, let base = image.baseAddress else { return .none }
            return CELDecisionTable(ofGraph: base + start)
        }
    }

    /// - Parameter graph: the image of a verified graph, or of one that `GraphEmitter` made.
    init(ofGraph graph: UnsafePointer<UInt64>) {
        var reader = Reader(image: graph)
        self = reader.explore([]) ? reader.table : .none
    }

    /// Follows a graph on every way that its predicates can make it go.
    private struct Reader {
        struct Operand: Equatable {
            var comparison: UInt8
            var tag: CELCell.Tag
            var slot: Int
            var hash: UInt32
            var payload: UInt64
        }

        enum Step {
            case result(UInt64)
            /// What the predicate of this number comes to has to be known.
            case needs(Int)
            /// Something that no table says.
            case other
        }

        let code: UnsafePointer<UInt64>
        let instructionCount: Int
        let slotCount: Int
        var operands: [Operand] = []
        /// What predicates came to, as far as it was asked for, and the condition.
        var ways: [(outcomes: [Int?], result: UInt64)] = []

        init(image: UnsafePointer<UInt64>) {
            code = image + GraphImage.headerWords
            instructionCount = Int(UInt32(truncatingIfNeeded: image[1]))
            slotCount = Int(UInt32(truncatingIfNeeded: image[3]))
        }

        /// - Returns: whether there is a table.
        mutating func explore(_ outcomes: [Int?]) -> Bool {
            switch follow(outcomes) {
            case .other: return false
            case .result(let result):
                ways.append((outcomes, result))
                return true
            case .needs(let number):
                var outcomes = outcomes + [Int?](repeating: nil, count: max(0, number + 1 - outcomes.count))
                for outcome in 0..<3 {
                    outcomes[number] = outcome
                    guard explore(outcomes) else { return false }
                }
                return true
            }
        }

        mutating func follow(_ outcomes: [Int?], note: (Int, UInt8) -> Void = { _, _ in }) -> Step {
            var loaded: [Int: CELCell] = [:]
            var position = 0
            // Every way that a table can say goes forward.
            for _ in 0...instructionCount {
                switch UInt16(truncatingIfNeeded: position) {
                case GraphExit.isFalse: return .result(0)
                case GraphExit.isTrue: return .result(1)
                case GraphExit.error: return .result(2)
                case GraphExit.general: return .result(3)
                default: break
                }
                guard position < instructionCount else { return .other }
                let word = code[position * 2]
                let exits = code[position * 2 + 1]
                guard let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) else { return .other }
                func target(_ exit: Int) -> Int { Int(UInt16(truncatingIfNeeded: exits >> (UInt64(exit) * 16))) }
                switch operation {
                case .jump, .clearError:
                    note(position, GraphTrace.yes)
                    position = target(0)
                case .load:
                    loaded[Int(UInt16(truncatingIfNeeded: word >> 16))] = constant(word)
                    note(position, GraphTrace.yes)
                    position = target(0)
                default:
                    guard let operand = operand(operation, word, loaded), let number = number(of: operand) else { return .other }
                    guard number < outcomes.count, let outcome = outcomes[number] else { return .needs(number) }
                    // False, true, an error: the exits stand in another order.
                    let way = [1, 0, 2][outcome]
                    note(position, GraphTrace.bit(ofWay: way))
                    position = target(way)
                }
            }
            return .other
        }

        private func constant(_ word: UInt64) -> CELCell {
            let place = instructionCount * 2 + Int(word >> 48)
            return CELCell(meta: code[place], payload: code[place + 1])
        }

        private func operand(_ operation: GraphOperation, _ word: UInt64, _ loaded: [Int: CELCell]) -> Operand? {
            let (a, b) = (Int(UInt16(truncatingIfNeeded: word >> 16)), Int(UInt16(truncatingIfNeeded: word >> 32)))
            func reading(_ slot: Int, _ tag: CELCell.Tag, _ comparison: UInt8, _ constant: CELCell = .absent) -> Operand? {
                // Registers hold what was computed on the way.
                guard slot < slotCount else { return nil }
                return Operand(comparison: comparison, tag: tag, slot: slot, hash: constant.extra, payload: constant.payload)
            }
            switch operation {
            case .intEqual: return reading(a, .int, Comparison.equal, constant(word))
            case .intLess: return reading(a, .int, Comparison.less, constant(word))
            case .intLessOrEqual: return reading(a, .int, Comparison.lessOrEqual, constant(word))
            case .textEqual: return reading(a, .text, Comparison.equal, constant(word))
            case .isTrue: return reading(a, .bool, Comparison.differs)
            case .isPresent: return reading(a, .absent, Comparison.isPresent)
            case .compareDouble:
                let flags = UInt8(truncatingIfNeeded: word >> 8)
                return flags < 6 ? reading(a, .double, Comparison.double + flags, constant(word)) : nil
            case .isIn:
                guard let element = loaded[a], element.isTagged(.text) else { return nil }
                return reading(b, .list, Comparison.listHasText, element)
            default: return nil
            }
        }

        private mutating func number(of operand: Operand) -> Int? {
            if let known = operands.firstIndex(of: operand) { return known }
            guard operands.count < CELDecisionTable.predicateLimit, operand.slot < CELDecisionTable.slotLimit else { return nil }
            operands.append(operand)
            return operands.count - 1
        }

        /// The operands in the order of the table: what costs most comes last.
        var order: [Int] { operands.indices.sorted { (operands[$0].comparison, $0) < (operands[$1].comparison, $1) } }

        var table: CELDecisionTable {
            let order = order
            var (results, predicates) = (CELDecisionTable.isTable, UInt64(0))
            var (payloads, hashes) = ([UInt64](repeating: 0, count: 3), [UInt32](repeating: 0, count: 3))
            for (place, number) in order.enumerated() {
                let operand = operands[number]
                let predicate = UInt64(operand.comparison) | UInt64(operand.tag.rawValue) << 4 | UInt64(operand.slot) << 8
                predicates |= predicate << (UInt64(place) * CELDecisionTable.predicateBits)
                payloads[place] = operand.payload
                hashes[place] = operand.hash
            }
            for combination in 0..<27 {
                let outcomes = [combination % 3, combination / 3 % 3, combination / 9]
                let way = ways.first { way in
                    order.enumerated().allSatisfy { place, number in
                        number >= way.outcomes.count || way.outcomes[number] == nil || way.outcomes[number] == outcomes[place]
                    }
                }
                results |= (way?.result ?? 3) << (UInt64(combination) * 2)
            }
            return CELDecisionTable(results: results, predicates: predicates, payloads: payloads, hashes: hashes)
        }
    }

    // MARK: Evaluating

    /// What a table leaves to the graph.
    public static let undecided: UInt8 = 3

    /// What the condition comes to, as in the results.
    ///
    /// INVARIANT: the table was made of a verified graph, the frame has the slots that it was made for, and every cell's place lies within its
    /// memory.
    @inline(__always)
    static func evaluate(
        _ table: UnsafeRawPointer, frame: UnsafeMutablePointer<CELCell>, memory: UnsafeRawPointer, text: UnsafeRawPointer
    ) -> UInt8 {
        let results = table.load(as: UInt64.self)
        if results == 0 { return undecided }
        let predicates = table.load(fromByteOffset: 8, as: UInt64.self)
        let first = outcome(predicates, 0, table, frame, memory, text)
        let second = outcome(predicates >> predicateBits, 1, table, frame, memory, text)
        // One alone that cannot tell is more than all others together.
        let combination = first &+ second &* 3
        if combination >= unknown { return undecided }
        let three = results >> (combination &* 2)
        let result = UInt8(truncatingIfNeeded: three & 3)
        if (three ^ three >> 18) & 3 | (three ^ three >> 36) & 3 == 0 { return result }
        let third = outcome(predicates >> (predicateBits * 2), 2, table, frame, memory, text)
        return third >= unknown ? undecided : UInt8(truncatingIfNeeded: three >> (third &* 18) & 3)
    }

    /// The combination of what all three predicates come to, and what the condition comes to then; nil where the graph has to say.
    ///
    /// INVARIANT: as of `evaluate`.
    @inline(__always)
    static func combination(
        _ table: UnsafeRawPointer, frame: UnsafeMutablePointer<CELCell>, memory: UnsafeRawPointer, text: UnsafeRawPointer
    ) -> (combination: Int, result: UInt8)? {
        let results = table.load(as: UInt64.self)
        let predicates = table.load(fromByteOffset: 8, as: UInt64.self)
        if results == 0 { return nil }
        let first = outcome(predicates, 0, table, frame, memory, text)
        let second = outcome(predicates >> predicateBits, 1, table, frame, memory, text)
        let third = outcome(predicates >> (predicateBits * 2), 2, table, frame, memory, text)
        let combination = first &+ second &* 3 &+ third &* 9
        if combination >= unknown { return nil }
        let result = UInt8(truncatingIfNeeded: results >> (combination &* 2) & 3)
        return result == undecided ? nil : (Int(combination), result)
    }

    /// The way through a graph on which its predicates come to a combination.
    ///
    /// - Parameter note: is told each instruction that is passed and the `GraphTrace` bit of how it goes on.
    static func follow(_ graph: UnsafePointer<UInt64>, combination: Int, note: (Int, UInt8) -> Void) {
        var reader = Reader(image: graph)
        guard reader.explore([]) else { return }
        let outcomes = [combination % 3, combination / 3 % 3, combination / 9]
        var found = [Int?](repeating: nil, count: predicateLimit)
        for (place, number) in reader.order.enumerated() { found[number] = outcomes[place] }
        _ = reader.follow(found, note: note)
    }

    private static let unknown: UInt64 = 27

    /// False, true, an error: 0, 1, 2; or `unknown`.
    @inline(__always)
    private static func outcome(
        _ predicate: UInt64, _ place: Int, _ table: UnsafeRawPointer, _ frame: UnsafeMutablePointer<CELCell>, _ memory: UnsafeRawPointer,
        _ text: UnsafeRawPointer
    ) -> UInt64 {
        let cell = frame[Int(truncatingIfNeeded: predicate >> 8 & 0x1FFF)]
        let comparison = UInt8(truncatingIfNeeded: predicate & 15)
        let payload = table.load(fromByteOffset: 16 + place * 8, as: UInt64.self)
        let hash = table.load(fromByteOffset: 40 + place * 4, as: UInt32.self)
        if comparison >= Comparison.special { return special(comparison, cell, payload, hash, memory, text) }
        // A table of fewer predicates ends in zeros, which come to false.
        if comparison == 0 { return 0 }
        guard cell.rawTag == UInt8(truncatingIfNeeded: predicate >> 4 & 15) else { return unfit(cell) }
        let isSame = cell.isTagged(.text) ? cell.extra == hash && isEqual(cell, payload, memory, text) : cell.payload == payload
        let isLess = cell.int < Int64(bitPattern: payload)
        let order: UInt64 = isSame ? 1 : isLess ? 0 : 2
        return UInt64(comparison) >> order & 1
    }

    @inline(never)
    private static func special(
        _ comparison: UInt8, _ cell: CELCell, _ payload: UInt64, _ hash: UInt32, _ memory: UnsafeRawPointer, _ text: UnsafeRawPointer
    ) -> UInt64 {
        if comparison == Comparison.listHasText {
            guard cell.isTagged(.list), cell.count <= listLimit else { return unfit(cell) }
            for index in 0..<cell.count {
                let element = GraphMemory.element(index, cell, memory)
                if element.isTagged(.text), element.extra == hash, isEqual(element, payload, memory, text) { return 1 }
            }
            return 0
        }
        if comparison == Comparison.isPresent { return cell.isTagged(.absent) ? 0 : 1 }
        guard cell.isTagged(.double) else { return unfit(cell) }
        let (left, right) = (cell.double, Double(bitPattern: payload))
        let holds =
            switch comparison - Comparison.double {
            case 0: left == right
            case 1: left != right
            case 2: left < right
            case 3: left <= right
            case 4: left > right
            default: left >= right
            }
        return holds ? 1 : 0
    }

    @inline(__always)
    private static func unfit(_ cell: CELCell) -> UInt64 { cell.isTagged(.absent) ? 2 : unknown }

    /// - Parameters:
    ///   - cell: any text.
    ///   - payload: of a text constant with the same hash. Few that differ have one hash.
    @inline(__always)
    private static func isEqual(_ cell: CELCell, _ payload: UInt64, _ memory: UnsafeRawPointer, _ text: UnsafeRawPointer) -> Bool {
        let isConstant = cell.meta & CELCell.programText != 0
        if isConstant, cell.payload == payload { return true }
        guard cell.payload >> 32 == payload >> 32 else { return false }
        let wanted = text + Int(UInt32(truncatingIfNeeded: payload))
        return TextHash.same((isConstant ? text : memory) + cell.offset, wanted, cell.count)
    }
}
