/// Whether bytes are UTF-8, at the speed of memory where they are ASCII.
enum UTF8Check {
    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let raw = UnsafeRawPointer(start)
        var position = 0
        while position < bytes.count {
            if position + 32 <= bytes.count {
                var all: UInt64 = 0
                for word in 0..<4 { all |= raw.loadUnaligned(fromByteOffset: position + word * 8, as: UInt64.self) }
                if all & 0x8080_8080_8080_8080 == 0 {
                    position += 32
                    continue
                }
            }
            let length = sequenceLength(start + position, bytes.count - position)
            if length == 0 { return false }
            position += length
        }
        return true
    }

    /// The length of the well-formed sequence that bytes begin with (Unicode 15, table 3-7); 0 if it is none.
    private static func sequenceLength(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let first = bytes[0]
        if first < 0x80 { return 1 }
        let length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
        guard length > 0, count >= length else { return 0 }
        let (low, high): (UInt8, UInt8) =
            switch first {
            case 0xE0: (0xA0, 0xBF)
            case 0xED: (0x80, 0x9F)
            case 0xF0: (0x90, 0xBF)
            case 0xF4: (0x80, 0x8F)
            default: (0x80, 0xBF)
            }
        guard bytes[1] >= low, bytes[1] <= high else { return 0 }
        for index in 2..<max(2, length) where bytes[index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
