/// Sets of constants as tables of cells with open addressing.
enum GraphSet {
    @inline(__always)
    static func hash(_ integer: UInt64) -> UInt64 { (integer &* 0x9E37_79B9_7F4A_7C15) >> 32 }

    /// The words of a set of text cells, or of integer cells. Equal members are stored once.
    static func words(_ members: [CELCell], isText: Bool, text: [UInt8]) -> [UInt64] {
        var size = 4
        while size < members.count + members.count / 2 { size *= 2 }
        let mask = UInt64(size - 1)
        var words = [UInt64](repeating: 0, count: 1 + size * 2)
        words[0] = mask
        text.withUnsafeBytes { bytes in
            words.withUnsafeMutableBufferPointer { words in
                for member in members {
                    var place = (isText ? UInt64(member.extra) : hash(member.payload)) & mask
                    var isKnown = false
                    while words[1 + Int(place) * 2] != 0 {
                        if words[1 + Int(place) * 2] == member.meta, isSame(words[2 + Int(place) * 2], member, isText, bytes) {
                            isKnown = true
                            break
                        }
                        place = (place + 1) & mask
                    }
                    if isKnown { continue }
                    words[1 + Int(place) * 2] = member.meta
                    words[2 + Int(place) * 2] = member.payload
                }
            }
        }
        return words
    }

    private static func isSame(_ payload: UInt64, _ member: CELCell, _ isText: Bool, _ text: UnsafeRawBufferPointer) -> Bool {
        guard isText else { return payload == member.payload }
        let other = CELCell(meta: member.meta, payload: payload)
        guard other.count == member.count, let base = text.baseAddress else { return other.count == member.count }
        let one = UnsafeRawBufferPointer(start: base + other.offset, count: member.count)
        return one.elementsEqual(UnsafeRawBufferPointer(start: base + member.offset, count: member.count))
    }
}
