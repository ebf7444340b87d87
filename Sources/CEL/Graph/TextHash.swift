/// Hashing and comparing of bytes in memory, fast for short ones.
enum TextHash {
    /// The hash that text cells and constant sets carry. It is part of the format of a program.
    @inline(__always)
    static func of(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt32 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        if count >= 8 {
            var offset = 0
            while offset + 8 < count {
                hash = mix(hash, load(bytes + offset))
                offset += 8
            }
            hash = mix(hash, load(bytes + (count - 8)))
        } else {
            hash = mix(hash, short(bytes, count))
        }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let (high, low) = (hash ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: word ^ 0xE703_7ED1_A0B4_28DB)
        return high ^ low
    }

    @inline(__always)
    private static func load(_ bytes: UnsafeRawPointer) -> UInt64 { bytes.loadUnaligned(as: UInt64.self) }

    /// Up to seven bytes as one number.
    @inline(__always)
    private static func short(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 4 {
            let low = UInt64(bytes.loadUnaligned(as: UInt32.self))
            let high = UInt64((bytes + (count - 4)).loadUnaligned(as: UInt32.self))
            return low | high << 32
        }
        if count == 0 { return 0 }
        let first = UInt64(bytes.load(as: UInt8.self))
        let middle = UInt64((bytes + count / 2).load(as: UInt8.self))
        let last = UInt64((bytes + (count - 1)).load(as: UInt8.self))
        return first | middle << 8 | last << 16
    }

    /// How many bytes must be readable behind every text, so that short ones can be compared in one go.
    static let padding = 8

    /// Whether `count` bytes are the same. INVARIANT: `padding` bytes can be read behind both.
    @inline(__always)
    static func same(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
        var offset = 0
        while offset &+ 8 <= count {
            if load(left + offset) != load(right + offset) { return false }
            offset &+= 8
        }
        // A shift by 64 gives 0.
        let mask = ~(UInt64.max << UInt64(truncatingIfNeeded: (count &- offset) &* 8))
        return (load(left + offset) ^ load(right + offset)) & mask == 0
    }
}
