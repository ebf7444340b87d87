import OpenTelemetry

/// Which decisions become spans.
///
/// A caller that sends its trace along has decided for itself (OpenTelemetry: parent based sampling). For others it is a share, by the last 56 bits of the
/// trace's id, as OpenTelemetry's probability sampling has it: whoever samples the same trace by them comes to the same end.
public struct TraceSampling: Sendable {
    private static let most: UInt64 = 1 << 56
    private let threshold: UInt64

    /// - Parameter share: of the decisions whose callers send no trace, from 0 to 1.
    public init(share: Double) {
        let dropped = 1 - min(1, max(0, share))
        threshold = dropped >= 1 ? Self.most : UInt64(dropped * Double(Self.most))
    }

    func takes(_ record: DecisionRecord) -> Bool {
        record.hasTrace ? record.isTraceSampled : record.id.low & (Self.most - 1) >= threshold
    }
}

extension DecisionRecord {
    var hasTrace: Bool { traceID.high | traceID.low != 0 }

    /// The trace that the decision belongs to; without a caller's, one of its own, by the decision's id.
    var trace: TraceID { hasTrace ? TraceID(high: traceID.high, low: traceID.low) : TraceID(high: id.high, low: id.low) }

    /// The decision's own span. Told again, it is the same.
    var ownSpan: UInt64 {
        // The finalizer of SplitMix64: what differs in one bit differs in half of them.
        var word = id.high &* 0x9E37_79B9_7F4A_7C15 ^ id.low
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        word ^= word >> 31
        return word == 0 ? 1 : word
    }
}
