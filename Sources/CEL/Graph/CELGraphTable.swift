/// The compiled conditions of a file, run where they lie in its memory.
///
/// A program is stored as `CELProgram.image(at:)` gives it. Nothing is copied or decoded: making a table of ten thousand programs takes well
/// under a millisecond, unless they are verified.
public final class CELGraphTable: Sendable {
    // INVARIANT: written before `init` returns and never after; the images were verified, by us or by whoever vouches for them, and the memory
    // stays as long as the caller keeps it, which is as long as this.
    private nonisolated(unsafe) let programs: UnsafeMutablePointer<GraphMachine.Program>
    private nonisolated(unsafe) let handles: UnsafeMutablePointer<OpaquePointer>
    nonisolated(unsafe) let text: UnsafeRawPointer
    /// The most slots that a program may read.
    let slotCount: Int
    /// The most registers that a program uses.
    let registerCount: Int
    private let patterns: [CELPattern]
    public let count: Int

    /// Where the image of a program lies: in 64-bit words from the start of the memory.
    public struct Place: Sendable {
        public var word: Int
        public var count: Int
        public var slotCount: Int

        public init(word: Int, count: Int, slotCount: Int) {
            self.word = word
            self.count = count
            self.slotCount = slotCount
        }
    }

    /// - Parameters:
    ///   - memory: begins with the images; what text cells flagged as the program's count from. Aligned to 8 bytes.
    ///   - isTrusted: the images were verified before and have not changed since; only their patterns are compiled.
    public init(_ places: [Place], in memory: UnsafeRawBufferPointer, isTrusted: Bool) throws(CELVerificationError) {
        var patterns: [CELPattern] = []
        var found: [(graph: UnsafeBufferPointer<UInt64>, layout: GraphImage.Layout, firstPattern: Int)?] = []
        found.reserveCapacity(places.count)
        let words = UnsafeBufferPointer(
            start: memory.baseAddress?.assumingMemoryBound(to: UInt64.self), count: memory.count / MemoryLayout<UInt64>.size)
        for place in places {
            guard let graph = try Self.graph(of: place, words) else {
                found.append(nil)
                continue
            }
            let layout =
                isTrusted ? GraphImage.Layout(graph) : try GraphVerifier.verify(graph, slotCount: place.slotCount, textBytes: memory.count)
            guard let layout else { throw CELVerificationError(message: "no graph image") }
            found.append((graph, layout, patterns.count))
            if layout.patternCount > 0 { patterns += try Self.patterns(graph, layout, memory) }
        }
        count = places.count
        self.patterns = patterns
        slotCount = found.reduce(0) { max($0, $1?.layout.slotCount ?? 0) }
        registerCount = found.reduce(0) { max($0, $1?.layout.registerCount ?? 0) }
        programs = .allocate(capacity: max(1, count))
        handles = .allocate(capacity: max(1, patterns.count))
        for (index, pattern) in patterns.enumerated() { (handles + index).initialize(to: pattern.handle) }
        let start = memory.baseAddress ?? UnsafeRawPointer(programs)
        text = start
        for (number, place) in places.enumerated() {
            // Where there is no graph, nothing is ever read of the image.
            (programs + number).initialize(
                to: GraphMachine.Program(
                    image: found[number]?.graph.baseAddress ?? start.assumingMemoryBound(to: UInt64.self),
                    patterns: UnsafePointer(handles + (found[number]?.firstPattern ?? 0)), slotCount: place.slotCount,
                    registerCount: found[number] == nil ? Self.noGraph : found[number]?.layout.registerCount ?? 0))
        }
    }

    /// Stands for the number of registers of a program without a graph.
    static let noGraph = -1

    /// Where the graph of a program lies, in 64-bit words from the start of the memory; nil where it has none.
    func graphWord(_ number: Int) -> Int? {
        precondition(number >= 0 && number < count)
        if programs[number].registerCount == Self.noGraph { return nil }
        return (UnsafeRawPointer(programs[number].image) - text) / 8
    }

    deinit {
        programs.deallocate()
        handles.deallocate()
    }

    /// The graph within a program's image; nil where it has none.
    private static func graph(
        of place: Place, _ words: UnsafeBufferPointer<UInt64>
    ) throws(CELVerificationError) -> UnsafeBufferPointer<UInt64>? {
        guard place.word >= 0, place.count >= CELProgram.imageHeaderWords, place.word <= words.count - place.count else {
            throw CELVerificationError(message: "the program image is cut off")
        }
        let count = CELProgram.graphCount(UnsafeBufferPointer(rebasing: words[place.word..<place.word + place.count]))
        guard count <= place.count - CELProgram.imageHeaderWords else {
            throw CELVerificationError(message: "the program image is cut off")
        }
        if count == 0 { return nil }
        let start = place.word + CELProgram.imageHeaderWords
        return UnsafeBufferPointer(rebasing: words[start..<start + count])
    }

    private static func patterns(
        _ graph: UnsafeBufferPointer<UInt64>, _ layout: GraphImage.Layout, _ memory: UnsafeRawBufferPointer
    ) throws(CELVerificationError) -> [CELPattern] {
        var patterns: [CELPattern] = []
        for number in 0..<layout.patternCount {
            let word = layout.constantStart + number * 2
            let cell = CELCell(meta: graph[word], payload: graph[word + 1])
            guard cell.offset + cell.count <= memory.count else { throw CELVerificationError(message: "a pattern is out of range") }
            let source = String(decoding: memory[cell.offset..<cell.offset + cell.count], as: UTF8.self)
            do throws(CELError) { patterns.append(try CELPattern(source)) } catch {
                throw CELVerificationError(message: error.message)
            }
        }
        return patterns
    }

    /// How evaluating a graph ended.
    public enum Result: UInt8, Sendable {
        case isFalse, isTrue
        /// An error of a kind that the general machine would give too.
        case error
        /// A value in `CELActivation.lastCell`.
        case value
        /// The graph cannot tell: the general machine has to evaluate the program.
        case undecided
    }

    /// How many instructions the graph of a program has.
    public func instructionCount(_ number: Int) -> Int {
        precondition(number >= 0 && number < count)
        if programs[number].registerCount == Self.noGraph { return 0 }
        return Int(UInt32(truncatingIfNeeded: programs[number].image[1]))
    }

    /// The decision table of a program.
    public func decisionTable(_ number: Int) -> CELDecisionTable {
        precondition(number >= 0 && number < count)
        if programs[number].registerCount == Self.noGraph { return .none }
        return CELDecisionTable(ofGraph: programs[number].image)
    }

    /// The instructions that a program passes where the predicates of its decision table come to a combination.
    ///
    /// - Parameter note: is told of each, and the `GraphTrace` bit of how it goes on.
    public func follow(_ number: Int, combination: Int, note: (Int, UInt8) -> Void) {
        precondition(number >= 0 && number < count)
        if programs[number].registerCount == Self.noGraph { return }
        CELDecisionTable.follow(programs[number].image, combination: combination, note: note)
    }

    /// Whether the first exit of an instruction means that the comparison in the source does not hold: it was turned round.
    public func isTurned(_ number: Int, instruction: Int) -> Bool {
        precondition(instruction >= 0 && instruction < instructionCount(number))
        let word = programs[number].image[GraphImage.headerWords + instruction * 2]
        switch GraphOperation(rawValue: UInt8(truncatingIfNeeded: word)) {
        case .intEqual, .intLess, .intLessOrEqual, .compareDouble, .textEqual, .compareConstant:
            return UInt8(truncatingIfNeeded: word >> 8) & GraphCondition.swapped != 0
        default: return false
        }
    }

    /// The table together with inputs, for evaluating one program after the other. Valid until the activation is given other inputs.
    ///
    /// - Precondition: the activation was made for this table, and both outlive what is given.
    public func runner(_ activation: CELActivation) -> CELGraphRunner {
        precondition(activation.slotCount >= slotCount, "an activation for other programs")
        return CELGraphRunner(
            programs: programs, count: count, frame: activation.frame, slotCount: activation.slotCount,
            memory: UnsafeRawPointer(activation.memory), text: text)
    }

    /// Evaluates a program's graph. Allocates nothing.
    ///
    /// - Precondition: the activation was made for this table.
    public func evaluate(_ number: Int, _ activation: CELActivation, budget: Int = CELMachine.defaultBudget) -> Result {
        var cell = CELCell.absent
        let result = runner(activation).evaluate(number, into: &cell, budget: budget)
        if case .value = result { activation.resultCell = cell }
        return result
    }
}

/// A table of graphs and the inputs that they are evaluated on, by pointer alone.
public struct CELGraphRunner {
    // INVARIANT: as of `CELGraphTable` and `CELActivation`, which outlive this. Registers hold nothing from before the activation's last reset,
    // so that whatever a program finds in them lies in the activation's memory.
    let programs: UnsafeMutablePointer<GraphMachine.Program>
    let count: Int
    let frame: UnsafeMutablePointer<CELCell>
    let slotCount: Int
    let memory: UnsafeRawPointer
    let text: UnsafeRawPointer

    /// Whether a program holds; an error is no answer, nor is what is not a bool.
    ///
    /// - Precondition: `number` is one of the table's.
    public func evaluate(_ number: Int, budget: Int = CELMachine.defaultBudget) -> CELGraphTable.Result {
        var cell = CELCell.absent
        return evaluate(number, into: &cell, budget: budget)
    }

    /// Evaluates decision tables on the same inputs.
    ///
    /// - Parameters:
    ///   - tables: records that begin with the words of a decision table, aligned to 8 bytes.
    ///   - stride: 32-bit words from one record to the next.
    ///   - rows: which of the records.
    ///   - results: gets for each 0 (false), 1 (true), 2 (an error) or 3: ask the graph.
    @inline(never)
    public func evaluate(
        tables: UnsafePointer<UInt32>, stride: Int, rows: UnsafePointer<UInt32>, count: Int, into results: UnsafeMutablePointer<UInt8>
    ) {
        let (frame, memory, text) = (frame, memory, text)
        for index in 0..<count {
            results[index] = CELDecisionTable.evaluate(
                UnsafeRawPointer(tables + Int(rows[index]) &* stride), frame: frame, memory: memory, text: text)
        }
    }

    /// Evaluates a decision table with all its predicates.
    ///
    /// - Parameter table: the words of one, aligned to 8 bytes.
    /// - Returns: the combination of what they come to, below 27, and 0 (false), 1 (true) or 2 (an error); nil where the graph has to say.
    @inline(never)
    public func evaluate(table: UnsafePointer<UInt32>) -> (combination: Int, result: UInt8)? {
        CELDecisionTable.combination(UnsafeRawPointer(table), frame: frame, memory: memory, text: text)
    }

    /// Evaluates a program and records which way each instruction of its graph went on.
    ///
    /// - Parameter trace: bits of `GraphTrace`, one byte for each instruction; nothing is cleared.
    @inline(never)
    public func evaluate(_ number: Int, trace: UnsafeMutablePointer<UInt8>) -> CELGraphTable.Result {
        precondition(number >= 0 && number < count)
        let program = UnsafePointer(programs + number)
        if program.pointee.registerCount == CELGraphTable.noGraph { return .undecided }
        precondition(program.pointee.slotCount <= slotCount)
        let outcome = GraphMachine.runInline(
            program.pointee.image, program, frame: frame, memory: memory, text: text, budget: CELMachine.defaultBudget, trace: trace)
        switch outcome.exit {
        case GraphExit.isTrue: return .isTrue
        case GraphExit.isFalse: return .isFalse
        case GraphExit.error, GraphExit.budget: return .error
        default: return .undecided
        }
    }

    @inline(__always)
    func evaluate(_ number: Int, into cell: inout CELCell, budget: Int) -> CELGraphTable.Result {
        precondition(number >= 0 && number < count)
        let program = UnsafePointer(programs + number)
        if program.pointee.registerCount == CELGraphTable.noGraph { return .undecided }
        precondition(program.pointee.slotCount <= slotCount)
        let outcome = GraphMachine.run(program, frame: frame, memory: memory, text: text, budget: budget)
        switch outcome.exit {
        case GraphExit.isTrue: return .isTrue
        case GraphExit.isFalse: return .isFalse
        case GraphExit.error, GraphExit.budget: return .error
        case GraphExit.value:
            cell = frame[Int(outcome.cell)]
            return .value
        default: return .undecided
        }
    }
}
