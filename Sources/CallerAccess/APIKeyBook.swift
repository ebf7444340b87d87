import Digest
import Synchronization

/// The keys that a server knows, and which of them were used.
public final class APIKeyBook: Sendable {
    /// Who has presented a credential that is meant to be a key.
    public enum Finding: Sendable {
        case valid(APIKeyRecord)
        case expired(APIKeyRecord)
        case revoked(APIKeyRecord)
        /// It has not the form of a key: mistyped, or cut off.
        case malformed
        case unknown
    }

    /// Seconds between two times that the use of one key is written down.
    public static let useInterval: Int64 = 60

    /// The keys by the first bytes of their digests, which tell next to nothing of the rest.
    private struct State {
        var keys: [UInt64: [APIKeyRecord]] = [:]
        var count = 0
        /// By id, when it was last used, and when that was last written down.
        var uses: [String: (last: Int64, written: Int64)] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public var count: Int { state.withLock { $0.count } }

    /// From now on these are known and no others.
    public func replace(_ records: [APIKeyRecord]) {
        let keys = Dictionary(grouping: records) { Self.place($0.digest) }
        let ids = Set(records.map(\.id))
        state.withLock { state in
            state.keys = keys
            state.count = records.count
            state.uses = state.uses.filter { ids.contains($0.key) }
        }
    }

    /// - Parameter now: seconds since 1970.
    public func find(_ credential: String, now: Int64) -> Finding {
        guard let key = APIKey(credential) else { return .malformed }
        let digest = key.digest
        let candidates = state.withLock { $0.keys[Self.place(digest)] ?? [] }
        // In constant time: how much of a digest is right is not to be learnt from how long it takes.
        guard let record = candidates.first(where: { HMACSHA256.areEqual($0.digest.bytes, digest.bytes) }) else { return .unknown }
        switch record.standing(at: now) {
        case .valid: return .valid(record)
        case .expired: return .expired(record)
        case .revoked: return .revoked(record)
        }
    }

    /// Takes note that a key was used.
    public func used(_ id: String, now: Int64) {
        state.withLock { state in
            state.uses[id] = (now, state.uses[id]?.written ?? 0)
        }
    }

    /// The uses that are to be written down now, each key at most once a minute.
    func takeUses(now: Int64) -> [(id: String, at: Int64)] {
        state.withLock { state in
            var due: [(id: String, at: Int64)] = []
            for (id, use) in state.uses where use.last > use.written && now - use.written >= Self.useInterval {
                due.append((id, use.last))
                // The time of writing, so that the next is written a minute later; what is used meanwhile is later than this.
                state.uses[id]?.written = now
            }
            return due
        }
    }

    /// What could not be written down is due again.
    func putBack(_ uses: [(id: String, at: Int64)]) {
        state.withLock { state in
            for use in uses { state.uses[use.id]?.written = 0 }
        }
    }

    private static func place(_ digest: SHA256Digest) -> UInt64 { digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
