import DecisionLog
import Glibc
import Synchronization

/// Ids of decisions: UUID version 7 (RFC 9562 §5.7), so that they sort by time.
public struct DecisionID: Sendable, Hashable {
    /// The two halves, in the order of the digits.
    public var high: UInt64
    public var low: UInt64

    /// - Parameter now: nanoseconds since 1970.
    public init(now: Int64) {
        let random = RandomPool.shared.next()
        let milliseconds = UInt64(max(0, now / 1_000_000)) & 0xffff_ffff_ffff
        high = milliseconds << 16 | 0x7000 | random.high & 0xfff
        low = 0x8000_0000_0000_0000 | random.low & 0x3fff_ffff_ffff_ffff
    }

    /// A new one as text.
    public static func make(now: Int64) -> String { DecisionID(now: now).text }

    public var text: String { withText { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the 36 characters of it.
    func withText<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: UUIDText.count, alignment: 8) { bytes in
            UUIDText.write(high, low, to: bytes)
            return body(UnsafeRawBufferPointer(bytes))
        }
    }
}

/// Random numbers of the system, taken from it many at a time: each time it is a call of the kernel.
private final class RandomPool: Sendable {
    static let shared = RandomPool()
    /// Bytes of one call (getentropy(3)).
    private static let bytes = 256

    private let words = Mutex<[UInt64]>([])

    func next() -> (high: UInt64, low: UInt64) {
        words.withLock { words in
            if words.count < 2 { words = Self.fresh() }
            let high = words.removeLast()
            return (high, words.removeLast())
        }
    }

    private static func fresh() -> [UInt64] {
        var words = [UInt64](repeating: 0, count: bytes / 8)
        let code = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        if code == 0 { return words }
        var generator = SystemRandomNumberGenerator()
        return words.map { _ in UInt64.random(in: 0...UInt64.max, using: &generator) }
    }
}
