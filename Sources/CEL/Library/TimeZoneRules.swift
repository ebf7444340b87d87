/// One zone of tzdata (RFC 8536).
struct TimeZoneRules: Sendable {
    private var transitions: [Int64] = []
    /// The offset from each transition on, in seconds ahead of UTC.
    private var offsets: [Int64] = []
    /// The offset before the first transition.
    private var first: Int64 = 0
    /// What holds after the last transition.
    private var rule: TimeZoneRule?

    /// Nil when the bytes are no TZif file of version 2 or later.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        // The first block has 32-bit times; the second repeats it with 64-bit ones.
        guard let old = Header(&reader), old.version >= 50, reader.skip(old.size(ofTime: 4)), let header = Header(&reader) else {
            return nil
        }
        for _ in 0..<header.times {
            guard let time = reader.integer(8) else { return nil }
            transitions.append(time)
        }
        guard let kinds = reader.take(header.times) else { return nil }
        var types: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(4), reader.skip(2) else { return nil }
            types.append(offset)
        }
        guard let standard = types.first, kinds.allSatisfy({ Int($0) < types.count }),
            reader.skip(header.characters + header.leaps * 12 + header.standards + header.universals)
        else { return nil }
        offsets = kinds.map { types[Int($0)] }
        first = standard
        rule = TimeZoneRule(String(decoding: reader.rest.filter { $0 != 10 }, as: UTF8.self))
    }

    func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? first }
        if seconds >= last, let rule { return rule.offset(at: seconds) }
        // The last transition that is not later.
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }

    private struct Header {
        var version: UInt8
        var universals: Int
        var standards: Int
        var leaps: Int
        var times: Int
        var types: Int
        var characters: Int

        init?(_ reader: inout Reader) {
            guard let magic = reader.take(4), magic.elementsEqual("TZif".utf8), let version = reader.take(1)?.first, reader.skip(15) else {
                return nil
            }
            self.version = version
            var counts: [Int] = []
            for _ in 0..<6 {
                guard let count = reader.integer(4), (0...100_000).contains(count) else { return nil }
                counts.append(Int(count))
            }
            (universals, standards, leaps, times, types, characters) = (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5])
        }

        func size(ofTime width: Int) -> Int { times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standards + universals }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var rest: ArraySlice<UInt8> { bytes[position...] }

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count >= 0, position + count <= bytes.count else { return nil }
            position += count
            return bytes[position - count..<position]
        }

        mutating func skip(_ count: Int) -> Bool { take(count) != nil }

        /// A big-endian signed integer.
        mutating func integer(_ width: Int) -> Int64? {
            guard let bytes = take(width) else { return nil }
            let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
        }
    }
}
