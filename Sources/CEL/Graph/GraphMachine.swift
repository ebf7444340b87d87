import CRE2

/// Runs graphs. See `GraphOperation`.
struct GraphMachine {
    /// A verified image.
    struct Program {
        var image: UnsafePointer<UInt64>
        var patterns: UnsafePointer<OpaquePointer>
        var slotCount: Int
        var registerCount: Int
    }

    /// What the run loop reads, all by pointer.
    ///
    /// INVARIANT: the image was verified, the frame has as many cells as it names, and every cell's place lies within its memory.
    struct Context {
        /// Read for patterns alone, so that it need not be in a near cache.
        var program: UnsafePointer<Program>
        var constants: UnsafePointer<UInt64>
        var frame: UnsafeMutablePointer<CELCell>
        var memory: UnsafeRawPointer
        /// What the places of text constants count from.
        var text: UnsafeRawPointer

        @inline(__always)
        func constant(_ word: Int) -> CELCell {
            CELCell(meta: constants[word], payload: constants[word + 1])
        }

        /// Where a text cell's bytes are.
        @inline(__always)
        func bytes(_ cell: CELCell) -> UnsafeRawPointer {
            (cell.meta & CELCell.programText == 0 ? memory : text) + cell.offset
        }
    }

    struct Outcome {
        var exit: UInt16
        /// The cell of the result.
        var cell: UInt16
        /// Which error is pending.
        var error: UInt64
    }

    /// The three ways that a test made out of line can end.
    enum Answer: UInt8 { case no, yes, general, error }

    @inline(never)
    static func run(
        _ program: UnsafePointer<Program>, frame: UnsafeMutablePointer<CELCell>, memory: UnsafeRawPointer, text: UnsafeRawPointer,
        budget: Int
    ) -> Outcome {
        runInline(program.pointee.image, program, frame: frame, memory: memory, text: text, budget: budget, trace: nil)
    }

    /// For loops over programs, to save the call. The image is the program's.
    ///
    /// - Parameter trace: gets a `GraphTrace` bit for each instruction that is run; nothing is left of it in the code where it is nil.
    @inline(__always)
    static func runInline(
        _ image: UnsafePointer<UInt64>, _ program: UnsafePointer<Program>, frame: UnsafeMutablePointer<CELCell>, memory: UnsafeRawPointer,
        text: UnsafeRawPointer, budget: Int, trace: UnsafeMutablePointer<UInt8>?
    ) -> Outcome {
        let code = image + GraphImage.headerWords
        let count = Int(UInt32(truncatingIfNeeded: image[1]))
        let constants = code + count &* 2
        let context = Context(program: program, constants: constants, frame: frame, memory: memory, text: text)
        var budget = budget
        var pending: UInt64 = 0
        var position = 0
        while position < count {
            let current = position
            let word = code[position &* 2]
            let realExits = code[position &* 2 &+ 1]
            // Two ways on may lead to one place: where it is recorded which was taken, each has a number.
            let exits = trace == nil ? realExits : GraphTrace.numberedExits
            let a = Int(UInt16(truncatingIfNeeded: word >> 16))
            let b = Int(UInt16(truncatingIfNeeded: word >> 32))
            let c = Int(word >> 48)
            // INVARIANT: the operations are numbered from 0 without a gap, and the verifier passed this one.
            let operation = unsafeBitCast(UInt8(truncatingIfNeeded: word), to: GraphOperation.self)
            switch operation {
            case .jump: position = go(true, exits)
            case .require:
                if frame[a].isTagged(.absent) { position = fail(GraphError.noSuchKey, exits, &pending) } else { position = go(true, exits) }
            case .isTrue:
                let cell = frame[a]
                if cell.isTagged(.bool) { position = go(cell.payload != 0, exits) } else { position = unfit(cell, exits, &pending) }
            case .isPresent: position = go(!frame[a].isTagged(.absent), exits)
            case .intEqual:
                let cell = frame[a]
                if cell.isTagged(.int) {
                    position = go(cell.payload == constants[c + 1], exits)
                } else {
                    position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
                }
            case .intLess:
                let cell = frame[a]
                if cell.isTagged(.int) {
                    position = go(cell.int < Int64(bitPattern: constants[c + 1]), exits)
                } else {
                    position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
                }
            case .intLessOrEqual:
                let cell = frame[a]
                if cell.isTagged(.int) {
                    position = go(cell.int <= Int64(bitPattern: constants[c + 1]), exits)
                } else {
                    position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
                }
            case .compareDouble:
                let cell = frame[a]
                if cell.isTagged(.double) {
                    let (left, right) = (cell.double, Double(bitPattern: constants[c + 1]))
                    switch UInt8(truncatingIfNeeded: word >> 8) {
                    case 0: position = go(left == right, exits)
                    case 1: position = go(left != right, exits)
                    case 2: position = go(left < right, exits)
                    case 3: position = go(left <= right, exits)
                    case 4: position = go(left > right, exits)
                    default: position = go(left >= right, exits)
                    }
                } else {
                    position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
                }
            case .textEqual:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    let wanted = context.constant(c)
                    // A text that was found among the constants is the constant.
                    if cell.meta == wanted.meta, cell.payload == wanted.payload {
                        position = go(true, exits)
                    } else {
                        position = go(
                            cell.extra == wanted.extra && cell.count == wanted.count
                                && TextHash.same(context.bytes(cell), context.text + wanted.offset, wanted.count), exits)
                    }
                } else {
                    position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
                }
            case .inTextSet:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    let mask = constants[c]
                    let (hash, size) = (cell.extra, cell.count)
                    let bytes = context.bytes(cell)
                    var place = UInt64(hash) & mask
                    var isFound = false
                    while true {
                        let candidate = context.constant(c &+ 1 &+ Int(place) &* 2)
                        if candidate.meta == 0 { break }
                        if candidate.extra == hash, candidate.count == size, TextHash.same(context.text + candidate.offset, bytes, size) {
                            isFound = true
                            break
                        }
                        place = (place &+ 1) & mask
                    }
                    position = go(isFound, exits)
                } else if cell.isTagged(.absent) {
                    position = fail(GraphError.noSuchKey, exits, &pending)
                } else {
                    // No value of another type equals a text.
                    position = go(false, exits)
                }
            case .inIntSet:
                let cell = frame[a]
                if cell.isTagged(.int) {
                    let mask = constants[c]
                    var place = GraphSet.hash(cell.payload) & mask
                    var isFound = false
                    while true {
                        let candidate = context.constant(c &+ 1 &+ Int(place) &* 2)
                        if candidate.meta == 0 { break }
                        if candidate.payload == cell.payload {
                            isFound = true
                            break
                        }
                        place = (place &+ 1) & mask
                    }
                    position = go(isFound, exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .startsWith:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    let part = context.constant(c)
                    position = go(
                        cell.count >= part.count && TextHash.same(context.bytes(cell), context.text + part.offset, part.count), exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .endsWith:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    let part = context.constant(c)
                    position = go(
                        cell.count >= part.count
                            && TextHash.same(context.bytes(cell) + (cell.count - part.count), context.text + part.offset, part.count), exits
                    )
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .contains:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    budget -= cell.count / 16
                    position = go(Self.contains(cell, context.constant(c), context), exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .startsWithCell, .endsWithCell, .containsCell:
                let (text, part) = (frame[a], frame[b])
                if text.isTagged(.absent) {
                    position = fail(GraphError.noSuchKey, exits, &pending)
                } else if part.isTagged(.absent) {
                    position = fail(GraphError.noSuchKey, exits, &pending)
                } else if text.isTagged(.text), part.isTagged(.text) {
                    if operation == .containsCell { budget -= text.count / 16 }
                    position = go(Self.search(operation, text, part, context), exits)
                } else {
                    position = Int(GraphExit.general)
                }
            case .matches:
                let cell = frame[a]
                if cell.isTagged(.text) {
                    budget -= cell.count / 16
                    let bytes = context.bytes(cell).assumingMemoryBound(to: CChar.self)
                    position = go(cre2_search(context.program.pointee.patterns[c], bytes, cell.count, 0, nil, 0) == 1, exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .compare:
                let (left, right) = (frame[a], frame[b])
                if left.isTagged(.int), right.isTagged(.int) {
                    switch UInt8(truncatingIfNeeded: word >> 8) {
                    case 0: position = go(left.payload == right.payload, exits)
                    case 1: position = go(left.payload != right.payload, exits)
                    case 2: position = go(left.int < right.int, exits)
                    case 3: position = go(left.int <= right.int, exits)
                    case 4: position = go(left.int > right.int, exits)
                    default: position = go(left.int >= right.int, exits)
                    }
                } else {
                    if left.isTagged(.text), right.isTagged(.text) { budget -= left.count / 16 }
                    position = follow(Self.compare(left, right, UInt8(truncatingIfNeeded: word >> 8) & 7, context), exits, &pending)
                }
            case .compareConstant:
                let cell = frame[a]
                position = follow(Self.compareWithConstant(cell, word, context), exits, &pending)
            case .isIn:
                let (element, collection) = (frame[a], frame[b])
                let answer = Self.isIn(element, collection, &budget, context)
                position = budget < 0 ? Int(GraphExit.budget) : follow(answer, exits, &pending)
            case .hasField:
                let cell = frame[a]
                if cell.isTagged(.map) {
                    let key = context.constant(c)
                    let found = GraphMemory.find(cell, memory, hash: key.extra, context.text + key.offset, key.count)
                    position = go(!found.isTagged(.absent), exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .load:
                frame[a] = context.constant(c)
                position = go(true, exits)
            case .move:
                let cell = frame[b]
                if cell.isTagged(.absent) {
                    position = fail(GraphError.noSuchKey, exits, &pending)
                } else {
                    frame[a] = cell
                    position = go(true, exits)
                }
            case .field:
                let cell = frame[b]
                if cell.isTagged(.map) {
                    let key = context.constant(c)
                    let found = GraphMemory.find(cell, memory, hash: key.extra, context.text + key.offset, key.count)
                    if found.isTagged(.absent) {
                        position = fail(GraphError.noSuchKey, exits, &pending)
                    } else {
                        frame[a] = found
                        position = go(true, exits)
                    }
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .index:
                position = go(true, exits)
                let error = Self.index(a, frame[b], frame[c], context)
                if error == Self.unknown {
                    position = Int(GraphExit.general)
                } else if error != 0 {
                    position = fail(error, exits, &pending)
                }
            case .arithmetic:
                let (left, right) = (frame[b], frame[c])
                let flags = UInt8(truncatingIfNeeded: word >> 8)
                position = go(true, exits)
                if left.isTagged(.int), right.isTagged(.int), flags < 3 {
                    let (value, overflow) =
                        flags == 0
                        ? left.int.addingReportingOverflow(right.int)
                        : flags == 1
                            ? left.int.subtractingReportingOverflow(right.int) : left.int.multipliedReportingOverflow(by: right.int)
                    if overflow { position = fail(GraphError.overflow, exits, &pending) } else { frame[a] = .int(value) }
                } else {
                    let error = Self.compute(a, left, right, flags, context)
                    if error == Self.unknown {
                        position = Int(GraphExit.general)
                    } else if error != 0 {
                        position = fail(error, exits, &pending)
                    }
                }
            case .negate:
                position = go(true, exits)
                let error = Self.negate(a, frame[b], context)
                if error == Self.unknown {
                    position = Int(GraphExit.general)
                } else if error != 0 {
                    position = fail(error, exits, &pending)
                }
            case .size:
                position = go(true, exits)
                let cell = frame[b]
                if cell.isTagged(.text) { budget -= cell.count / 16 }
                let error = Self.size(a, cell, context)
                if error == Self.unknown {
                    position = Int(GraphExit.general)
                } else if error != 0 {
                    position = fail(error, exits, &pending)
                }
            case .call:
                position = go(true, exits)
                let error = Self.call(a, b, c, &budget, context)
                if error == Self.unknown {
                    position = Int(GraphExit.general)
                } else if error != 0 {
                    position = fail(error, exits, &pending)
                }
            case .setBool:
                frame[a] = .bool(UInt8(truncatingIfNeeded: word >> 8) != 0)
                position = go(true, exits)
            case .loopBegin:
                let cell = frame[b]
                if cell.isTagged(.list) || cell.isTagged(.map) {
                    frame[a] = cell
                    frame[a + 1] = .int(0)
                    frame[a + 2] = .absent
                    position = go(true, exits)
                } else {
                    position = unfit(cell, exits, &pending)
                }
            case .loopNext, .loopNextPair:
                let collection = frame[a]
                let index = Int(truncatingIfNeeded: frame[a + 1].payload)
                budget &-= 1
                if budget < 0 {
                    position = Int(GraphExit.budget)
                } else if index < collection.count {
                    frame[a + 1].payload = UInt64(index + 1)
                    if collection.isTagged(.list) {
                        let element = GraphMemory.element(index, collection, memory)
                        if operation == .loopNext {
                            frame[a + 3] = element
                        } else {
                            frame[a + 3] = .int(Int64(index))
                            frame[a + 4] = element
                        }
                    } else {
                        let (key, value) = GraphMemory.entry(index, collection, memory)
                        frame[a + 3] = key
                        if operation == .loopNextPair { frame[a + 4] = value }
                    }
                    position = go(true, exits)
                } else {
                    position = go(false, exits)
                }
            case .keepError:
                if frame[a].isTagged(.absent) { frame[a] = CELCell(.opaque, pending) }
                pending = 0
                position = go(true, exits)
            case .checkError:
                let cell = frame[a]
                if cell.isTagged(.absent) { position = go(true, exits) } else { position = fail(cell.payload, exits, &pending) }
            case .clearError:
                pending = 0
                position = go(true, exits)
            case .increment:
                frame[a].payload &+= 1
                position = go(true, exits)
            case .finish:
                return Outcome(exit: GraphExit.value, cell: UInt16(truncatingIfNeeded: a), error: 0)
            }
            if let trace {
                let way = position
                trace[current] |= GraphTrace.bit(ofWay: way)
                if way < GraphTrace.ways { position = Int(UInt16(truncatingIfNeeded: realExits >> UInt64(way * 16))) }
            }
        }
        if budget < 0 { position = Int(GraphExit.budget) }
        return Outcome(exit: UInt16(truncatingIfNeeded: position), cell: 0, error: pending)
    }

    // MARK: Where to go on. Each takes the exits of the instruction.

    @inline(__always)
    private static func go(_ holds: Bool, _ exits: UInt64) -> Int { Int(UInt16(truncatingIfNeeded: holds ? exits : exits >> 16)) }

    @inline(__always)
    private static func fail(_ error: UInt64, _ exits: UInt64, _ pending: inout UInt64) -> Int {
        if pending == 0 { pending = error }
        return Int(UInt16(truncatingIfNeeded: exits >> 32))
    }

    /// For a cell that is not of the type looked for.
    @inline(__always)
    private static func unfit(_ cell: CELCell, _ exits: UInt64, _ pending: inout UInt64) -> Int {
        cell.isTagged(.absent) ? fail(GraphError.noSuchKey, exits, &pending) : Int(GraphExit.general)
    }

    @inline(__always)
    private static func follow(_ answer: Answer, _ exits: UInt64, _ pending: inout UInt64) -> Int {
        switch answer {
        case .yes: go(true, exits)
        case .no: go(false, exits)
        case .general: Int(GraphExit.general)
        case .error: fail(GraphError.noSuchKey, exits, &pending)
        }
    }
}
