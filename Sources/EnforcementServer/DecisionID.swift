import DecisionLog
import Glibc
import NIOPosix

/// Ids of decisions: UUID version 7 (RFC 9562 §5.7), so that they sort by time.
public struct DecisionID: Sendable, Hashable {
    /// The two halves, in the order of the digits.
    public var high: UInt64
    public var low: UInt64

    /// - Parameter now: nanoseconds since 1970.
    public init(now: Int64) {
        let random = RandomPool.own.next()
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

/// Random numbers of the system, taken from it many at a time: each time it is a call of the kernel. Each thread has its own, so that none waits.
///
/// INVARIANT: no other thread ever gets hold of it.
private final class RandomPool: @unchecked Sendable {
    private static let pools = ThreadSpecificVariable<RandomPool>()
    /// As many bytes as one call gives (getentropy(3)).
    private static let capacity = 256 / 8

    private var words = [UInt64](repeating: 0, count: capacity)
    private var left = 0

    /// That of this thread.
    static var own: RandomPool {
        if let pool = pools.currentValue { return pool }
        let pool = RandomPool()
        pools.currentValue = pool
        return pool
    }

    func next() -> (high: UInt64, low: UInt64) {
        if left < 2 { fill() }
        left -= 2
        return (words[left], words[left + 1])
    }

    private func fill() {
        let code = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        if code != 0 {
            var generator = SystemRandomNumberGenerator()
            for place in words.indices { words[place] = .random(in: 0...UInt64.max, using: &generator) }
        }
        left = words.count
    }
}
