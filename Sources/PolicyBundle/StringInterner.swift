/// Collects the strings of a bundle. Ids are given out at once; their final order, by bytes, is known when all have been seen.
struct StringInterner {
    /// By bytes: `String` takes a precomposed and a decomposed letter for equal, a bundle does not.
    private var ids: [[UInt8]: UInt32] = [:]
    private var strings: [String] = []

    mutating func id(of text: String) -> UInt32 {
        let key = Array(text.utf8)
        if let id = ids[key] { return id }
        let id = UInt32(strings.count)
        ids[key] = id
        strings.append(text)
        return id
    }

    /// The strings sorted by their bytes, and for each id given out the place in that order.
    func sorted() -> (strings: [String], place: [UInt32]) {
        let order = strings.indices.sorted { strings[$0].utf8.lexicographicallyPrecedes(strings[$1].utf8) }
        var place = [UInt32](repeating: 0, count: strings.count)
        for (position, index) in order.enumerated() { place[index] = UInt32(position) }
        return (order.map { strings[$0] }, place)
    }
}

/// The hash by which a bundle finds strings: 64-bit FNV-1a with a final mix, since the table takes the low bits.
enum StringHash {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        value ^= value >> 32
        value = value &* 0xd6e8_feb8_6659_fd93
        return value ^ (value >> 32)
    }

    /// Entries of the table for `count` strings: a power of two, at most half full.
    static func capacity(_ count: Int) -> Int {
        var capacity = 4
        while capacity < count * 2 { capacity *= 2 }
        return capacity
    }
}
