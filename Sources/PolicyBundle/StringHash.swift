/// The hash by which a bundle finds records: 64-bit FNV-1a with a final mix, since tables take the low bits.
enum StringHash {
    /// - Parameter salt: tells apart what has the same text: a subject's type, a group of values.
    static func hash(_ bytes: UnsafeRawBufferPointer, salt: UInt32) -> UInt64 {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(salt)
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        value ^= value >> 32
        value = value &* 0xd6e8_feb8_6659_fd93
        return value ^ (value >> 32)
    }

    /// Entries of the table for `count` records: a power of two, at most three quarters full.
    static func capacity(_ count: Int) -> Int {
        var capacity = 4
        while capacity * 3 < count * 4 { capacity *= 2 }
        return capacity
    }
}
