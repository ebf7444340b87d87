import Spool

/// Where decisions are brought to. Used by one thread.
public protocol DecisionSink: AnyObject, Sendable {
    /// Stays the same over restarts: what waits for a sink is known by its name.
    var name: String { get }
    /// Bytes of the spool that are delivered together, about.
    var batchBytes: Int { get }
    /// How long decisions may be gathered before they are brought.
    var interval: Duration { get }

    /// Delivers a batch, whole: returns once it is where it should be, save what will never be taken there. Blocks the calling thread.
    ///
    /// A batch may have been delivered before by a process that ended before it could note so.
    ///
    /// - Parameter stream: what the sequences of the batch belong to.
    /// - Throws: if the batch is to be brought once more.
    func deliver(_ batch: SpoolBatch, of stream: DecisionStream) throws(SinkFailure) -> SinkDelivery

    /// What is to be done now and then while it is idle.
    func rest()
}

extension DecisionSink {
    public func rest() {}
}

/// What sequences belong to: one spool.
public struct DecisionStream: Sendable, Hashable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    /// As a UUID.
    public var description: String { UUIDText.make(high, low) }
}

/// What became of a batch that was delivered.
public struct SinkDelivery: Sendable, Equatable {
    /// Decisions of it that the receiver refuses, and would refuse again: they are lost there.
    public var refused: UInt64
    /// Why the last one of them was.
    public var reason: String?

    public init(refused: UInt64, reason: String?) {
        self.refused = refused
        self.reason = reason
    }

    /// All of it is where it should be.
    public static let whole = SinkDelivery(refused: 0, reason: nil)
}

/// Why a sink has not taken a batch.
public struct SinkFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    /// How long the receiver wants to be left alone.
    public var pause: Duration?

    public init(_ description: String, pause: Duration? = nil) {
        self.description = description
        self.pause = pause
    }
}

/// UUIDs as text (RFC 9562 §4).
public enum UUIDText {
    public static let count = 36
    private static let dash = UInt8(ascii: "-")

    static func make(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: count) { bytes in
            write(high, low, to: UnsafeMutableRawBufferPointer(bytes))
            return count
        }
    }

    /// Writes the 36 characters of it.
    public static func write(_ high: UInt64, _ low: UInt64, to bytes: UnsafeMutableRawBufferPointer) {
        let (second, third) = (digits(high), digits(low >> 32))
        bytes.storeBytes(of: digits(high >> 32).bigEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: UInt32(second >> 32).bigEndian, toByteOffset: 9, as: UInt32.self)
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: second).bigEndian, toByteOffset: 14, as: UInt32.self)
        bytes.storeBytes(of: UInt32(third >> 32).bigEndian, toByteOffset: 19, as: UInt32.self)
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: third).bigEndian, toByteOffset: 24, as: UInt32.self)
        bytes.storeBytes(of: digits(low).bigEndian, toByteOffset: 28, as: UInt64.self)
        (bytes[8], bytes[13], bytes[18], bytes[23]) = (dash, dash, dash, dash)
    }

    /// The eight hexadecimal digits of a number's lower half, each in a byte, the first in the highest.
    @inline(__always)
    private static func digits(_ number: UInt64) -> UInt64 {
        var spread = (number & 0xffff_0000) << 16 | number & 0xffff
        spread = (spread & 0x0000_ff00_0000_ff00) << 8 | spread & 0x0000_00ff_0000_00ff
        spread = (spread & 0x00f0_00f0_00f0_00f0) << 4 | spread & 0x000f_000f_000f_000f
        // 1 in each byte that is 10 or more.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }

    static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
