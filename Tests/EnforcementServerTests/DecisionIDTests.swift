import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EnforcementServer

/// Ids of decisions (RFC 9562 §5.7).
@Suite struct DecisionIDTests {
    @Test func `the text has every digit in its place`() {
        var id = DecisionID(now: 0)
        (id.high, id.low) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)
        #expect(id.text == "01234567-89ab-cdef-fedc-ba9876543210")
        (id.high, id.low) = (0, .max)
        #expect(id.text == "00000000-0000-0000-ffff-ffffffffffff")
        // Each digit alone, as the system writes it.
        for digit in 0..<32 {
            for value in 0..<16 {
                let word = UInt64(value) << UInt64(60 - digit % 16 * 4)
                (id.high, id.low) = digit < 16 ? (word, 0) : (0, word)
                var bytes = [UInt8](repeating: 0, count: 16)
                bytes[digit / 2] = UInt8(digit % 2 == 0 ? value << 4 : value)
                let uuid = NSUUID(uuidBytes: bytes).uuidString.lowercased()
                #expect(id.text == uuid)
            }
        }
    }

    @Test func `an id tells its time, its version and its variant, and no two threads have the same`() throws {
        let ids = Mutex<[DecisionID]>([])
        let threads = (0..<4).map { _ in
            Background {
                let own = (0..<5_000).map { DecisionID(now: 1_700_000_000_123_456_789 + Int64($0) * 1_000_000) }
                ids.withLock { $0 += own }
            }
        }
        for thread in threads { try thread.value() }
        let all = ids.withLock { $0 }
        #expect(Set(all).count == 20_000)
        #expect(all.allSatisfy { $0.high >> 12 & 15 == 7 && $0.low >> 62 == 2 })
        #expect(all[0].high >> 16 == 1_700_000_000_123 && all[4_999].high >> 16 == 1_700_000_005_122)
    }
}
