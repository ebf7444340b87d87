/// A whole program as one run of words, to be embedded in a bundle.
///
///     word 0   "CELP" in the upper half, version in the lower
///     word 1   words of the graph (lower half), 32-bit words of the general machine (upper half)
///     word 2   bytes of slots and constants (lower half), registers (upper half)
///     then     the graph as `GraphImage` lays it out, the general machine's words two by two, the bytes filled up to whole words
///
/// The bytes are the slots read (count, numbers) and the constants (count, values), each value a tag and what it needs; numbers are
/// LEB128, or eight bytes little-endian where marked by the tag. The checker's result type is not part of it: who embeds a program
/// declares what it is for.
extension CELProgram {
    private static let magic: UInt64 = 0x4345_4C50 << 32 | 1

    /// Words before the graph.
    public static let imageHeaderWords = 3

    /// The words of the graph in an image of at least `imageHeaderWords`.
    static func graphCount(_ image: UnsafeBufferPointer<UInt64>) -> Int { Int(UInt32(truncatingIfNeeded: image[1])) }

    /// The program's words, to be stored from `word` on in a memory whose beginning the graph's texts are to count from.
    ///
    /// - Parameter texts: places of texts in programs that were stored before this one, which it shares; its own are added.
    public func image(at word: Int, texts: inout [[UInt8]: Int]) -> [UInt64] {
        guard let layout = graph.withUnsafeBufferPointer({ GraphImage.Layout($0) }) else { return image }
        var moved = self
        GraphRelocation.relocate(&moved.graph, by: (word + Self.imageHeaderWords + layout.textStart) * 8, known: &texts)
        return moved.image
    }

    /// The program's words. Patterns are stored as their sources.
    public var image: [UInt64] {
        var writer = ImageWriter()
        writer.number(slotsRead.count)
        for slot in slotsRead { writer.number(slot) }
        writer.number(constants.count)
        for constant in constants { writer.value(constant) }
        var image = [
            Self.magic, UInt64(graph.count) | UInt64(words.count) << 32, UInt64(writer.bytes.count) | UInt64(registerCount) << 32,
        ]
        image += graph
        for position in stride(from: 0, to: words.count, by: 2) {
            image.append(UInt64(words[position]) | (position + 1 < words.count ? UInt64(words[position + 1]) << 32 : 0))
        }
        for position in stride(from: 0, to: writer.bytes.count, by: 8) {
            var word: UInt64 = 0
            for (index, byte) in writer.bytes[position..<min(position + 8, writer.bytes.count)].enumerated() {
                word |= UInt64(byte) << UInt64(index * 8)
            }
            image.append(word)
        }
        return image
    }

    /// Reads a program from the words of `image`. Like any program from elsewhere it has yet to be verified, as `CELPrepared` does.
    public init(image: UnsafeBufferPointer<UInt64>, resultType: CELType = .dyn) throws(CELVerificationError) {
        guard image.count >= Self.imageHeaderWords, image[0] == Self.magic else { throw CELVerificationError(message: "no program image") }
        let graphCount = Int(UInt32(truncatingIfNeeded: image[1]))
        let wordCount = Int(image[1] >> 32)
        let byteCount = Int(UInt32(truncatingIfNeeded: image[2]))
        let wordStart = Self.imageHeaderWords + graphCount
        let byteStart = wordStart + (wordCount + 1) / 2
        guard byteStart + (byteCount + 7) / 8 <= image.count else { throw CELVerificationError(message: "the program image is cut off") }
        var words: [UInt32] = []
        words.reserveCapacity(wordCount)
        for position in 0..<wordCount {
            words.append(UInt32(truncatingIfNeeded: image[wordStart + position / 2] >> (position % 2 == 0 ? 0 : 32)))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for position in 0..<byteCount {
            bytes.append(UInt8(truncatingIfNeeded: image[byteStart + position / 8] >> UInt64(position % 8 * 8)))
        }
        var reader = ImageReader(bytes: bytes)
        var slots: [Int] = []
        for _ in 0..<(try reader.count()) { slots.append(try reader.number()) }
        var constants: [CELValue] = []
        for _ in 0..<(try reader.count()) { constants.append(try reader.value(depth: 0)) }
        self.init(
            words: words, constants: constants, registerCount: Int(image[2] >> 32), resultType: resultType, slotsRead: slots,
            graph: Array(image[Self.imageHeaderWords..<wordStart]))
    }
}

/// Writes what a program image has in bytes.
private struct ImageWriter {
    var bytes: [UInt8] = []

    mutating func number(_ value: Int) {
        var rest = UInt64(value)
        while rest >= 128 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func fixed(_ tag: UInt8, _ value: UInt64) {
        bytes.append(tag)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
    }

    private mutating func text(_ tag: UInt8, _ text: some Collection<UInt8>) {
        bytes.append(tag)
        number(text.count)
        bytes += text
    }

    mutating func value(_ value: CELValue) {
        switch value {
        case .bool(let value): bytes.append(value ? 2 : 1)
        case .int(let value): fixed(3, UInt64(bitPattern: value))
        case .uint(let value): fixed(4, value)
        case .double(let value): fixed(5, value.bitPattern)
        case .string(let value): text(6, value.utf8)
        case .bytes(let value): text(7, value)
        case .list(let list):
            bytes.append(8)
            number(list.count)
            for element in list { self.value(element) }
        case .map(let map):
            bytes.append(9)
            number(map.count)
            for (key, entry) in map {
                self.value(key)
                self.value(entry)
            }
        case .timestamp(let time):
            fixed(10, UInt64(bitPattern: time.seconds))
            number(Int(time.nanoseconds))
        case .duration(let length): fixed(11, UInt64(bitPattern: length.nanoseconds))
        case .type(let name): text(12, name.utf8)
        case .pattern(let pattern): text(13, pattern.source.utf8)
        // None of these is ever a constant.
        case .null, .optional, .address, .network, .error: bytes.append(0)
        }
    }
}

/// Reads what `ImageWriter` wrote, or finds that it is something else.
private struct ImageReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static let malformed = CELVerificationError(message: "the program image's constants are malformed")

    private mutating func byte() throws(CELVerificationError) -> UInt8 {
        guard position < bytes.count else { throw Self.malformed }
        position += 1
        return bytes[position - 1]
    }

    mutating func number() throws(CELVerificationError) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 49, by: 7) {
            let next = try byte()
            value |= UInt64(next & 127) << shift
            if next < 128 { return Int(value) }
        }
        throw Self.malformed
    }

    /// How many things follow. Each takes a byte at least.
    mutating func count() throws(CELVerificationError) -> Int {
        let count = try number()
        guard count <= bytes.count - position else { throw Self.malformed }
        return count
    }

    private mutating func fixed() throws(CELVerificationError) -> UInt64 {
        var value: UInt64 = 0
        for shift in 0..<8 { value |= UInt64(try byte()) << UInt64(shift * 8) }
        return value
    }

    private mutating func rest() throws(CELVerificationError) -> ArraySlice<UInt8> {
        let count = try count()
        position += count
        return bytes[position - count..<position]
    }

    private mutating func text() throws(CELVerificationError) -> String {
        let rest = try rest()
        guard let text = String(validating: rest, as: UTF8.self) else { throw Self.malformed }
        return text
    }

    mutating func value(depth: Int) throws(CELVerificationError) -> CELValue {
        guard depth < 150 else { throw Self.malformed }
        switch try byte() {
        case 0: return .null
        case 1: return .bool(false)
        case 2: return .bool(true)
        case 3: return .int(Int64(bitPattern: try fixed()))
        case 4: return .uint(try fixed())
        case 5: return .double(Double(bitPattern: try fixed()))
        case 6: return .string(try text())
        case 7: return .bytes(Array(try rest()))
        case 8:
            var list: [CELValue] = []
            for _ in 0..<(try count()) { list.append(try value(depth: depth + 1)) }
            return .list(list)
        case 9:
            var map = CELMap()
            for _ in 0..<(try count()) {
                let key = try value(depth: depth + 1)
                let entry = try value(depth: depth + 1)
                guard map.insert(key, entry) == nil else { throw Self.malformed }
            }
            return .map(map)
        case 10:
            let seconds = Int64(bitPattern: try fixed())
            guard let nanoseconds = Int32(exactly: try number()), let time = CELTimestamp(seconds: seconds, nanoseconds: nanoseconds) else {
                throw Self.malformed
            }
            return .timestamp(time)
        case 11: return .duration(CELDuration(nanoseconds: Int64(bitPattern: try fixed())))
        case 12: return .type(try text())
        case 13:
            let source = try text()
            do throws(CELError) { return .pattern(try CELPattern(source)) } catch { throw CELVerificationError(message: error.message) }
        default: throw Self.malformed
        }
    }
}
