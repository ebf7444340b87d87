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

    static func make(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: count) { bytes in
            write(high, low, to: UnsafeMutableRawBufferPointer(bytes))
            return count
        }
    }

    /// Writes the 36 characters of it.
    public static func write(_ high: UInt64, _ low: UInt64, to bytes: UnsafeMutableRawBufferPointer) {
        var place = 0
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                bytes[place] = UInt8(ascii: "-")
                place += 1
            }
            let value = UInt8(truncatingIfNeeded: (digit < 16 ? high : low) >> (60 - UInt64(digit & 15) * 4)) & 15
            bytes[place] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            place += 1
        }
    }

    static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
