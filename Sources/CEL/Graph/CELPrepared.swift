/// How an evaluation ended.
public enum CELOutcome: Hashable, Sendable {
    case isTrue
    case isFalse
    /// `CELPrepared.value` has the message.
    case error(CELError.Kind)
    /// Something else than a bool: `CELPrepared.lastValue` has it.
    case value
}

/// A program verified and made ready to run: patterns compiled, words where they stay. Made once, shared by threads.
public final class CELPrepared: Sendable {
    public let program: CELProgram
    private let patterns: [CELPattern]
    private let slotCount: Int
    // INVARIANT: these are written before `init` returns and never after, and live as long as this. The image was verified.
    private nonisolated(unsafe) let image: UnsafeMutableBufferPointer<UInt64>
    private nonisolated(unsafe) let handles: UnsafeMutablePointer<OpaquePointer>
    private nonisolated(unsafe) let text: UnsafeRawPointer
    private nonisolated(unsafe) let graph: UnsafeMutablePointer<GraphMachine.Program>

    /// Verifies the program for an environment with so many slots.
    public init(_ program: CELProgram, slotCount: Int) throws(CELVerificationError) {
        try CELVerifier.verify(program, slotCount: slotCount)
        self.program = program
        self.slotCount = slotCount
        let image = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: program.graph.count)
        _ = image.initialize(from: program.graph)
        var patterns: [CELPattern] = []
        var layout: GraphImage.Layout?
        do throws(CELVerificationError) {
            let found = program.graph.isEmpty ? nil : try GraphVerifier.verify(UnsafeBufferPointer(image), slotCount: slotCount)
            layout = found
            if let found { patterns = try Self.patterns(image, found) }
        } catch {
            image.deallocate()
            throw error
        }
        self.image = image
        self.patterns = patterns
        handles = .allocate(capacity: max(1, patterns.count))
        for (index, pattern) in patterns.enumerated() { (handles + index).initialize(to: pattern.handle) }
        graph = .allocate(capacity: 1)
        hasGraph = layout != nil
        // Without a graph nothing is ever read of what lies at the base.
        let base = UnsafePointer(image.baseAddress ?? UnsafeMutableRawPointer(handles).assumingMemoryBound(to: UInt64.self))
        graph.initialize(
            to: GraphMachine.Program(
                image: base, patterns: UnsafePointer(handles), slotCount: slotCount, registerCount: layout?.registerCount ?? 0))
        text = UnsafeRawPointer(base + (layout?.textStart ?? 0))
    }

    deinit {
        image.deallocate()
        handles.deallocate()
        graph.deallocate()
    }

    private static func patterns(
        _ image: UnsafeMutableBufferPointer<UInt64>, _ layout: GraphImage.Layout
    ) throws(CELVerificationError) -> [CELPattern] {
        var patterns: [CELPattern] = []
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(image)[(layout.textStart * 8)...])
        for number in 0..<layout.patternCount {
            let word = layout.constantStart + number * 2
            let cell = CELCell(meta: image[word], payload: image[word + 1])
            let source = String(decoding: bytes[cell.offset..<cell.offset + cell.count], as: UTF8.self)
            do throws(CELError) { patterns.append(try CELPattern(source)) } catch {
                throw CELVerificationError(message: error.message)
            }
        }
        return patterns
    }

    /// Whether there is a graph: if not, every evaluation is one of the general machine, which allocates.
    public let hasGraph: Bool

    /// Evaluates on the activation's inputs. Allocates nothing as long as the graph suffices.
    public func evaluate(_ activation: CELActivation, budget: Int = CELMachine.defaultBudget) -> CELOutcome {
        let (outcome, isDecided) = evaluateGraph(activation, budget: budget)
        return isDecided ? outcome : evaluateGenerally(activation, budget: budget)
    }

    /// The outcome of the graph alone, and whether it decided.
    @inline(__always)
    func evaluateGraph(_ activation: CELActivation, budget: Int) -> (CELOutcome, isDecided: Bool) {
        guard hasGraph, activation.slotCount == slotCount else { return (.isFalse, false) }
        // Registers must not hold places in a memory of earlier inputs.
        let registers = activation.frame + slotCount
        for register in 0..<graph.pointee.registerCount { registers[register] = .absent }
        let outcome = GraphMachine.run(
            UnsafePointer(graph), frame: activation.frame, memory: UnsafeRawPointer(activation.memory), text: text, budget: budget)
        switch outcome.exit {
        case GraphExit.isTrue: return (.isTrue, true)
        case GraphExit.isFalse: return (.isFalse, true)
        case GraphExit.error: return (.error(GraphError.kind(outcome.error)), true)
        case GraphExit.budget: return (.error(.budget), true)
        case GraphExit.value:
            activation.resultCell = activation.frame[Int(outcome.cell)]
            if activation.result != nil { activation.result = nil }
            return (.value, true)
        default: return (.isFalse, false)
        }
    }

    /// What the decision table of the graph comes to, if it has one and the table can tell; for tests.
    func evaluateTable(_ activation: CELActivation) -> (hasTable: Bool, outcome: UInt8?) {
        guard hasGraph, activation.slotCount == slotCount else { return (false, nil) }
        let table = CELDecisionTable(ofGraph: graph.pointee.image)
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: (CELDecisionTable.wordCount + 1) / 2)
        defer { words.deallocate() }
        UnsafeMutableRawPointer(words).copyMemory(from: table.words, byteCount: CELDecisionTable.wordCount * 4)
        let outcome = CELDecisionTable.evaluate(
            UnsafeRawPointer(words), frame: activation.frame, memory: UnsafeRawPointer(activation.memory), text: text)
        return (table != .none, outcome == CELDecisionTable.undecided ? nil : outcome)
    }

    @inline(never)
    private func evaluateGenerally(_ activation: CELActivation, budget: Int) -> CELOutcome {
        guard activation.slotCount == slotCount else { return .error(.malformed) }
        switch CELMachine.evaluate(program, slots: activation.values(program.slotsRead), budget: budget) {
        case .bool(let value): return value ? .isTrue : .isFalse
        case .error(let error): return .error(error.kind)
        case let value:
            activation.result = value
            return .value
        }
    }

    /// The value of the evaluation of this program on this activation that ended last and as `.value`.
    public func lastValue(_ activation: CELActivation) -> CELValue {
        if let result = activation.result { return result }
        return activation.value(of: activation.resultCell, programText: text) ?? .null
    }

    /// Evaluates to a value, errors with their messages. Allocates.
    public func value(_ activation: CELActivation, budget: Int = CELMachine.defaultBudget) -> CELValue {
        switch evaluate(activation, budget: budget) {
        case .isTrue: .bool(true)
        case .isFalse: .bool(false)
        case .value: lastValue(activation)
        case .error(.budget): .budgetExceeded
        case .error: CELMachine.evaluate(program, slots: activation.values(program.slotsRead), budget: budget)
        }
    }
}
