/// 128 bits by which accidental changes of bytes are noticed, several times as fast as a cryptographic digest.
///
/// No protection from whoever means harm: other bytes with the same fingerprint can be made. Bytes are folded by 128-bit products, as
/// wyhash (Wang Yi) does.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    public var low: UInt64
    public var high: UInt64

    public init(of bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        var a = Self.secrets.0 ^ UInt64(truncatingIfNeeded: count)
        var b = Self.secrets.1
        var offset = 0
        while offset + 16 <= count {
            let (one, two) = (Self.word(bytes, offset), Self.word(bytes, offset + 8))
            a = Self.fold(one ^ a, two ^ Self.secrets.2)
            b = Self.fold(two ^ b, one ^ Self.secrets.3)
            offset += 16
        }
        var (one, two): (UInt64, UInt64) = (0, 0)
        for (place, byte) in bytes[offset...].enumerated() {
            if place < 8 { one |= UInt64(byte) << UInt64(place * 8) } else { two |= UInt64(byte) << UInt64((place - 8) * 8) }
        }
        a = Self.fold(one ^ a ^ Self.secrets.3, two ^ Self.secrets.2)
        b = Self.fold(two ^ b ^ Self.secrets.1, one ^ Self.secrets.0)
        low = Self.fold(a ^ Self.secrets.1, b ^ Self.secrets.2)
        high = Self.fold(b ^ Self.secrets.3, a ^ Self.secrets.0)
    }

    public init(of text: String) {
        let bytes = Array(text.utf8)
        self = bytes.withUnsafeBytes { Fingerprint(of: $0) }
    }

    public var description: String { Hexadecimal.encode(bytes) }

    /// 16 bytes, little-endian.
    public var bytes: [UInt8] { [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } } }

    /// Odd numbers with as many ones as zeros in each byte or nearly so.
    private static let secrets: (UInt64, UInt64, UInt64, UInt64) = (
        0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3, 0x5899_65CC_7537_4CC3
    )

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        return high ^ low
    }
}
