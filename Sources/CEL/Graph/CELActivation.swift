/// The inputs of evaluations, flat: a frame of cells, the environment's slots first and the machine's registers behind them, and one
/// memory for text, lists and maps. Made once, filled again for every request; evaluating allocates nothing.
///
/// Belongs to one thread at a time.
public final class CELActivation {
    /// The registers that a program may use.
    static let registerLimit = 256

    public let slotCount: Int
    // INVARIANT: `frame` has `slotCount + registerLimit` cells, and `memory` `capacity` bytes of which `used` are taken,
    // and the padding that comparing reads; both live as long as
    // this. They are reached by pointer, as stored arrays would be checked for exclusive access and uniqueness at every step.
    let frame: UnsafeMutablePointer<CELCell>
    private(set) var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var used = 0
    /// What cells flagged as the program's text count from: the memory of a `CELGraphTable`, for activations that are used with one.
    private let text: UnsafeRawPointer?
    /// What `opaque` cells stand for.
    private var kept: [CELValue] = []
    /// The value of the last evaluation whose outcome was `.value` and that the general machine gave.
    var result: CELValue?
    /// Where the value of the last evaluation lies in the frame, if the graph gave it.
    var resultCell = CELCell.absent

    /// Registers that `reset` clears, for those that do not clear them for each program.
    private let registerCount: Int

    public convenience init(slotCount: Int, memoryCapacity: Int = 4_096) {
        self.init(slotCount: slotCount, memoryCapacity: memoryCapacity, text: nil, registerCount: 0)
    }

    /// Inputs for the programs of a table, whose memory must outlive this.
    ///
    /// - Parameter slotCount: at least as many as any of the programs has.
    public convenience init(slotCount: Int, memoryCapacity: Int = 4_096, for table: CELGraphTable) {
        self.init(slotCount: slotCount, memoryCapacity: memoryCapacity, text: table.text, registerCount: table.registerCount)
    }

    private init(slotCount: Int, memoryCapacity: Int, text: UnsafeRawPointer?, registerCount: Int) {
        self.slotCount = slotCount
        self.text = text
        self.registerCount = registerCount
        frame = .allocate(capacity: slotCount + Self.registerLimit)
        frame.initialize(repeating: .absent, count: slotCount + Self.registerLimit)
        capacity = max(64, memoryCapacity)
        memory = .allocate(byteCount: capacity + TextHash.padding, alignment: 16)
    }

    deinit {
        frame.deallocate()
        memory.deallocate()
    }

    /// Forgets all values. Keeps the memory.
    public func reset() {
        frame.update(repeating: .absent, count: slotCount + registerCount)
        used = 0
        kept.removeAll(keepingCapacity: true)
        result = nil
        resultCell = .absent
    }

    /// The cell in a slot.
    public subscript(slot: Int) -> CELCell {
        get {
            precondition(slot >= 0 && slot < slotCount)
            return frame[slot]
        }
        set {
            precondition(slot >= 0 && slot < slotCount)
            frame[slot] = newValue
        }
    }

    // MARK: Making cells

    /// Copies UTF-8 into the memory. The bytes must be valid UTF-8.
    public func makeText(_ utf8: UnsafeRawBufferPointer) -> CELCell { copy(utf8, as: .text) }

    public func makeText(_ text: String) -> CELCell {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0), as: .text) }
    }

    public func makeBytes(_ bytes: UnsafeRawBufferPointer) -> CELCell { copy(bytes, as: .bytes) }

    /// A list whose elements `setElement` has to set, all of them, before it is read.
    public func makeList(count: Int) -> CELCell { CELCell(.list, offset: reserve(count * 16), count: count) }

    public func setElement(_ index: Int, of list: CELCell, to value: CELCell) {
        precondition(list.isTagged(.list) && index >= 0 && index < list.count)
        (memory + list.offset).storeBytes(of: value, toByteOffset: index * 16, as: CELCell.self)
    }

    /// A map whose entries `setEntry` has to set, all of them, before `finishMap`. Keys must differ.
    public func makeMap(count: Int) -> CELCell {
        CELCell(.map, offset: reserve(count * 32 + GraphMemory.indexBytes(count)), count: count)
    }

    public func setEntry(_ index: Int, of map: CELCell, key: CELCell, value: CELCell) {
        precondition(map.isTagged(.map) && index >= 0 && index < map.count)
        (memory + map.offset).storeBytes(of: key, toByteOffset: index * 32, as: CELCell.self)
        (memory + map.offset).storeBytes(of: value, toByteOffset: index * 32 + 16, as: CELCell.self)
    }

    /// Makes the keys of a large map findable. Must be called once all entries are set.
    public func finishMap(_ map: CELCell) { GraphMemory.index(map, memory) }

    private func copy(_ bytes: UnsafeRawBufferPointer, as tag: CELCell.Tag, hash: UInt32? = nil) -> CELCell {
        let offset = reserve(bytes.count)
        guard let base = bytes.baseAddress else { return CELCell(tag, offset: offset, count: 0, extra: TextHash.of(memory, 0)) }
        (memory + offset).copyMemory(from: base, byteCount: bytes.count)
        return CELCell(tag, offset: offset, count: bytes.count, extra: hash ?? TextHash.of(base, bytes.count))
    }

    var usedMemory: [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: used)) }

    var keptValues: [CELValue] { kept }

    func putBack(_ bytes: [UInt8], _ values: [CELValue]) {
        _ = reserve(bytes.count)
        bytes.withUnsafeBytes { if let base = $0.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) } }
        if !values.isEmpty { kept = values }
    }

    /// Offsets are 32 bits wide: more than 4 GiB of input is not to be had, and a trap is the memory's end.
    private func reserve(_ byteCount: Int) -> Int {
        let start = (used + 15) & ~15
        precondition(byteCount <= Int(UInt32.max) - start, "an activation holds at most 4 GiB")
        if start + byteCount > capacity {
            let grown = max(capacity * 2, start + byteCount)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: grown + TextHash.padding, alignment: 16)
            larger.copyMemory(from: memory, byteCount: used)
            memory.deallocate()
            memory = larger
            capacity = grown
        }
        used = start + byteCount
        return start
    }
}

extension CELActivation {
    /// Sets every slot. For tests and callers with few requests: what is filled from the wire makes cells itself.
    public convenience init(slots: [CELValue?]) {
        self.init(slotCount: slots.count)
        for (slot, value) in slots.enumerated() { if let value { self[slot] = makeCell(value) } }
    }

    /// The cell of any value. Nested lists and maps are copied.
    public func makeCell(_ value: CELValue, depth: Int = 0) -> CELCell {
        if let cell = CELCell(scalar: value) { return cell }
        switch value {
        case .string(let text): return makeText(text)
        case .bytes(let bytes): return bytes.withUnsafeBytes { makeBytes($0) }
        // What nests deeper than any function goes is kept whole.
        case .list(let elements) where depth < 100:
            let list = makeList(count: elements.count)
            for (index, element) in elements.enumerated() { setElement(index, of: list, to: makeCell(element, depth: depth + 1)) }
            return list
        case .map(let entries) where depth < 100:
            let map = makeMap(count: entries.count)
            for (index, entry) in entries.enumerated() {
                let key = makeCell(entry.key, depth: depth + 1)
                setEntry(index, of: map, key: key, value: makeCell(entry.value, depth: depth + 1))
            }
            finishMap(map)
            return map
        default:
            kept.append(value)
            return CELCell(.opaque, UInt64(kept.count - 1))
        }
    }

    /// The value of a cell: nil when absent.
    public func value(of cell: CELCell) -> CELValue? {
        value(of: cell, programText: text ?? UnsafeRawPointer(memory))
    }

    /// The result of the last evaluation by a `CELGraphTable` that ended in a value.
    public var lastCell: CELCell { resultCell }

    /// A text that lies in the memory of the `CELGraphTable`, with the hash that `hash(of:)` gave for it.
    public static func storedText(offset: Int, count: Int, hash: UInt32) -> CELCell {
        let cell = CELCell(.text, offset: offset, count: count, extra: hash)
        return CELCell(meta: cell.meta | CELCell.programText, payload: cell.payload)
    }

    /// The hash that text cells carry.
    public static func hash(of text: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = text.baseAddress else { return withUnsafeBytes(of: UInt64(0)) { $0.baseAddress.map { TextHash.of($0, 0) } ?? 0 } }
        return TextHash.of(base, text.count)
    }

    /// Copies UTF-8, whose hash is known, into the memory.
    public func makeText(_ utf8: UnsafeRawBufferPointer, hash: UInt32) -> CELCell { copy(utf8, as: .text, hash: hash) }

    /// The bytes of a text cell; nil for any other. Valid until the next change.
    public func bytes(of cell: CELCell) -> UnsafeRawBufferPointer? {
        guard cell.isTagged(.text) else { return nil }
        let base = cell.meta & CELCell.programText == 0 ? UnsafeRawPointer(memory) : (text ?? UnsafeRawPointer(memory))
        return UnsafeRawBufferPointer(start: base + cell.offset, count: cell.count)
    }

    func value(of cell: CELCell, programText: UnsafeRawPointer) -> CELValue? {
        if let scalar = cell.scalar { return scalar }
        let base = cell.meta & CELCell.programText == 0 ? UnsafeRawPointer(memory) : programText
        switch cell.tag {
        case .text: return .string(String(decoding: UnsafeRawBufferPointer(start: base + cell.offset, count: cell.count), as: UTF8.self))
        case .bytes: return .bytes(Array(UnsafeRawBufferPointer(start: base + cell.offset, count: cell.count)))
        case .list:
            return .list((0..<cell.count).map { value(of: GraphMemory.element($0, cell, base), programText: programText) ?? .null })
        case .map:
            return .map(
                CELMap(
                    (0..<cell.count).map { index in
                        let (key, entry) = GraphMemory.entry(index, cell, base)
                        return (value(of: key, programText: programText) ?? .null, value(of: entry, programText: programText) ?? .null)
                    }))
        case .opaque: return kept.indices.contains(Int(cell.payload)) ? kept[Int(cell.payload)] : nil
        default: return nil
        }
    }

    /// What the slots hold, for the general machine. Those that it does not read stay nil.
    public func values(_ slots: [Int]) -> [CELValue?] {
        var values = [CELValue?](repeating: nil, count: slotCount)
        for slot in slots where slot < slotCount { values[slot] = value(of: frame[slot]) }
        return values
    }
}
