/// The documents of a kind by their names, in many small dictionaries: a version that differs in a few names from another shares most of them
/// with it, where one large dictionary would be copied.
struct DocumentIndex: Sendable {
    private static let shardCount = 256
    private var shards: [[String: Document]] = []

    subscript(name: String) -> Document? { shards.isEmpty ? nil : shards[Self.shard(of: name)][name] }

    mutating func remove(_ name: String) {
        if !shards.isEmpty { shards[Self.shard(of: name)][name] = nil }
    }

    /// - Returns: false if the name was taken; whoever had it is replaced.
    mutating func insert(_ document: Document) -> Bool {
        if shards.isEmpty { shards = Array(repeating: [:], count: Self.shardCount) }
        return shards[Self.shard(of: document.plainName)].updateValue(document, forKey: document.plainName) == nil
    }

    /// By the FNV-1a hash of the name.
    private static func shard(of name: String) -> Int {
        var hash: UInt32 = 0x811c_9dc5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int((hash ^ hash >> 16) & UInt32(shardCount - 1))
    }
}
