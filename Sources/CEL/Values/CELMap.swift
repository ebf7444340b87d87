/// A map in insertion order. Numeric keys of equal value are the same key whatever their type (cel-spec langdef: Maps).
public struct CELMap: Sendable {
    private final class Storage: @unchecked Sendable {
        // INVARIANT: changed only by a map that found itself the one owner, as `insert` does, hence `@unchecked`.
        var keys: [CELValue]
        var values: [CELValue]
        /// Only for maps too large to be searched one key after another.
        var positions: [CELMapKey: Int]

        init(keys: [CELValue] = [], values: [CELValue] = [], positions: [CELMapKey: Int] = [:]) {
            self.keys = keys
            self.values = values
            self.positions = positions
        }
    }

    /// Up to here, comparing the keys is faster than hashing one.
    private static let searchedCount = 8

    private var storage: Storage

    /// An empty map.
    public init() { storage = Storage() }

    /// A map of these entries. A later entry replaces an earlier one with an equal key; a key that is not a bool, int, uint or string is left out.
    public init(_ entries: [(CELValue, CELValue)]) {
        self.init()
        for (key, value) in entries {
            guard let normal = CELMapKey(key), !key.isDouble else { continue }
            put(normal, key, value)
        }
    }

    /// A map with string keys.
    public init(_ entries: [(String, CELValue)]) { self.init(entries.map { (CELValue.string($0.0), $0.1) }) }

    public var count: Int { storage.keys.count }
    public var keys: [CELValue] { storage.keys }
    public var values: [CELValue] { storage.values }

    /// The value under an equal key, or nil.
    public subscript(key: CELValue) -> CELValue? {
        guard let normal = CELMapKey(key) else { return nil }
        return position(of: normal).map { storage.values[$0] }
    }

    /// The value under a string key, or nil.
    public subscript(key: String) -> CELValue? { position(of: .text(CELMapKey.Text(key))).map { storage.values[$0] } }

    /// Adds an entry, or gives the error that stands in the way: a key of a type that cannot be one, or one that is there already.
    mutating func insert(_ key: CELValue, _ value: CELValue) -> CELValue? {
        if case .error = key { return key }
        if case .error = value { return value }
        guard let normal = CELMapKey(key), !key.isDouble else {
            return .failure(.invalidArgument, "unsupported key type: \(key.typeName)")
        }
        guard position(of: normal) == nil else { return .failure(.duplicateKey, "Failed with repeated key: \(key.text)") }
        put(normal, key, value)
        return nil
    }

    private mutating func put(_ normal: CELMapKey, _ key: CELValue, _ value: CELValue) {
        if !isKnownUniquelyReferenced(&storage) {
            storage = Storage(keys: storage.keys, values: storage.values, positions: storage.positions)
        }
        if let position = position(of: normal) {
            storage.values[position] = value
            return
        }
        storage.keys.append(key)
        storage.values.append(value)
        let count = storage.keys.count
        if count > Self.searchedCount + 1 {
            storage.positions[normal] = count - 1
        } else if count == Self.searchedCount + 1 {
            for (position, key) in storage.keys.enumerated() { if let key = CELMapKey(key) { storage.positions[key] = position } }
        }
    }

    private func position(of key: CELMapKey) -> Int? {
        guard storage.keys.count <= Self.searchedCount else { return storage.positions[key] }
        return storage.keys.firstIndex { key.isEqual(to: $0) }
    }
}

extension CELMap: Sequence {
    public func makeIterator() -> some IteratorProtocol<(key: CELValue, value: CELValue)> {
        zip(storage.keys, storage.values).lazy.map { (key: $0.0, value: $0.1) }.makeIterator()
    }
}

extension CELValue {
    fileprivate var isDouble: Bool {
        if case .double = self { return true }
        return false
    }
}
