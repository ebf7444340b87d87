/// How lists and maps lie in an activation's memory.
///
/// A list is its elements' cells in a row. A map is its entries in a row, key cell and value cell; behind them, if there are more than
/// `searchedCount`, lies a table of 32-bit numbers, open addressing by the hash of the key: entry number plus one, or zero.
enum GraphMemory {
    /// Up to here, comparing the keys is faster than a table.
    static let searchedCount = 12

    @inline(__always)
    static func element(_ index: Int, _ list: CELCell, _ memory: UnsafeRawPointer) -> CELCell {
        (memory + list.offset).load(fromByteOffset: index * 16, as: CELCell.self)
    }

    @inline(__always)
    static func entry(_ index: Int, _ map: CELCell, _ memory: UnsafeRawPointer) -> (key: CELCell, value: CELCell) {
        let place = memory + (map.offset + index * 32)
        return (place.load(as: CELCell.self), place.load(fromByteOffset: 16, as: CELCell.self))
    }

    static func indexBytes(_ count: Int) -> Int { count > searchedCount ? tableSize(count) * 4 : 0 }

    private static func tableSize(_ count: Int) -> Int {
        var size = 32
        while size < count * 2 { size *= 2 }
        return size
    }

    static func index(_ map: CELCell, _ memory: UnsafeMutableRawPointer) {
        guard map.count > searchedCount else { return }
        let size = tableSize(map.count)
        let table = (memory + (map.offset + map.count * 32)).bindMemory(to: UInt32.self, capacity: size)
        table.update(repeating: 0, count: size)
        for number in 0..<map.count {
            let key = entry(number, map, memory).key
            guard key.isTagged(.text) else { continue }
            var place = Int(key.extra) & (size - 1)
            while table[place] != 0 { place = (place + 1) & (size - 1) }
            table[place] = UInt32(number + 1)
        }
    }

    /// The value under a text key, or an absent cell. `hash` and `text` are the key's.
    @inline(__always)
    static func find(
        _ map: CELCell, _ memory: UnsafeRawPointer, hash: UInt32, _ text: UnsafeRawPointer, _ count: Int
    ) -> CELCell {
        let entries = memory + map.offset
        let size = map.count
        // A key's text lies in the activation, so that nothing but tag and hash is in its first word.
        let wanted = UInt64(CELCell.Tag.text.rawValue) | UInt64(hash) << 32
        guard size <= searchedCount else { return findIndexed(map, entries, wanted, text, count, memory) }
        var place = entries
        for _ in 0..<size {
            let key = place.load(as: CELCell.self)
            if key.meta == wanted, key.count == count, TextHash.same(memory + key.offset, text, count) {
                return place.load(fromByteOffset: 16, as: CELCell.self)
            }
            place += 32
        }
        return .absent
    }

    @inline(never)
    private static func findIndexed(
        _ map: CELCell, _ entries: UnsafeRawPointer, _ wanted: UInt64, _ text: UnsafeRawPointer, _ count: Int, _ memory: UnsafeRawPointer
    ) -> CELCell {
        let mask = tableSize(map.count) - 1
        let table = entries + map.count * 32
        var place = Int(wanted >> 32) & mask
        while true {
            let number = Int(table.load(fromByteOffset: place * 4, as: UInt32.self))
            if number == 0 { return .absent }
            let key = entries.load(fromByteOffset: (number - 1) * 32, as: CELCell.self)
            if key.meta == wanted, key.count == count, TextHash.same(memory + key.offset, text, count) {
                return entries.load(fromByteOffset: (number - 1) * 32 + 16, as: CELCell.self)
            }
            place = (place + 1) & mask
        }
    }
}
