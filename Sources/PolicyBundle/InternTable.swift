/// Finds what is stored already by its hash: numbers in open addressing, what they stand for lying elsewhere. Nothing is allocated for an
/// entry, and no key is kept twice.
struct InternTable {
    private var numbers: [UInt32] = Array(repeating: .max, count: 64)
    private var hashes: [UInt32] = Array(repeating: 0, count: 64)
    private var count = 0

    /// The number of an entry for which `isSame` holds among those with that hash.
    func find(_ hash: UInt32, where isSame: (UInt32) -> Bool) -> UInt32? {
        let mask = numbers.count - 1
        var place = Int(hash) & mask
        while numbers[place] != .max {
            if hashes[place] == hash, isSame(numbers[place]) { return numbers[place] }
            place = (place + 1) & mask
        }
        return nil
    }

    /// - Precondition: there is no such entry.
    mutating func insert(_ number: UInt32, hash: UInt32) {
        if (count + 1) * 4 > numbers.count * 3 { grow() }
        let mask = numbers.count - 1
        var place = Int(hash) & mask
        while numbers[place] != .max { place = (place + 1) & mask }
        numbers[place] = number
        hashes[place] = hash
        count += 1
    }

    private mutating func grow() {
        let (old, oldHashes) = (numbers, hashes)
        numbers = Array(repeating: .max, count: old.count * 2)
        hashes = Array(repeating: 0, count: old.count * 2)
        let mask = numbers.count - 1
        for (index, number) in old.enumerated() where number != .max {
            var place = Int(oldHashes[index]) & mask
            while numbers[place] != .max { place = (place + 1) & mask }
            numbers[place] = number
            hashes[place] = oldHashes[index]
        }
    }

    /// A hash of words.
    static func hash(_ words: [UInt32]) -> UInt32 {
        var hash = UInt64(words.count) &* 0x9E37_79B9_7F4A_7C15
        for word in words { hash = (hash ^ UInt64(word)) &* 0xD6E8_FEB8_6659_FD93 ^ hash >> 29 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
