import CEL

/// The hash by which a bundle finds records: that of text cells, so that a request's texts are hashed once.
enum StringHash {
    /// - Parameter salt: tells apart what has the same text: a subject's type, a group of values.
    static func hash(_ bytes: UnsafeRawBufferPointer, salt: UInt32) -> UInt32 {
        CELActivation.hash(of: bytes) ^ (salt &* 0x9E37_79B9)
    }

    /// Entries of the table for `count` records: a power of two, at most three quarters full.
    static func capacity(_ count: Int) -> Int {
        var capacity = 4
        while capacity * 3 < count * 4 { capacity *= 2 }
        return capacity
    }
}
