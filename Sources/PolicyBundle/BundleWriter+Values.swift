import CEL

extension BundleWriter {
    /// A value; equal ones are stored once.
    public mutating func value(_ value: CELValue) -> UInt32 {
        switch value {
        case .null: return record(.null, 0, 0)
        case .bool(let flag): return record(.bool, flag ? 1 : 0, 0)
        case .int(let number): return record(.int, UInt64(bitPattern: number))
        case .uint(let number): return record(.uint, number)
        case .double(let number): return record(.double, number.bitPattern)
        case .string(let text): return record(.string, string(text), 0)
        case .type(let name): return record(.type, string(name), 0)
        case .pattern(let pattern): return record(.pattern, string(pattern.source), 0)
        case .bytes(let bytes):
            let place = list(bytes.map(UInt32.init))
            return record(.bytes, place.offset, place.count)
        case .list(let items):
            let place = list(items.map { self.value($0) })
            return record(.list, place.offset, place.count)
        case .map(let map):
            var words: [UInt32] = []
            for (key, entry) in zip(map.keys, map.values) { words += [self.value(key), self.value(entry)] }
            let place = list(words)
            return record(.map, place.offset, place.count / 2)
        case .timestamp(let time):
            let words = [UInt32(truncatingIfNeeded: time.seconds), UInt32(truncatingIfNeeded: time.seconds >> 32)]
            return record(.timestamp, list(words).offset, UInt32(bitPattern: time.nanoseconds))
        case .duration(let length): return record(.duration, UInt64(bitPattern: length.nanoseconds))
        default:
            // Optionals, errors and network values are never constants; a reader takes this for a value that no condition accepts.
            return record(.null, 0, 0)
        }
    }

    private mutating func record(_ tag: ValueTag, _ bits: UInt64) -> UInt32 {
        record(tag, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    }

    private mutating func record(_ tag: ValueTag, _ a: UInt32, _ b: UInt32) -> UInt32 {
        let key = ValueKey(tag: tag.rawValue, a: a, b: b)
        if let known = valueIDs[key] { return known }
        let index = append(.valu, words: [tag.rawValue, a, b])
        valueIDs[key] = index
        return index
    }
}
