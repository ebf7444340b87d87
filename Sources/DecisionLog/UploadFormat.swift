/// A decision of a batch; it lasts as long as the batch.
struct UploadRecord {
    var sequence: UInt64
    var record: DecisionRecord

    /// What comes from the log of an OPA instance, which decided it and tells of it itself where it is traced.
    var isForeign: Bool { record[.path].starts(with: ForeignDecision.pathPrefix.utf8) }
}

/// How decisions are written for a receiver, and what it may say of them.
protocol UploadFormat: Sendable {
    /// The body of a POST.
    ///
    /// - Returns: `nil` if nothing of them is for the receiver.
    func body(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) -> [UInt8]?

    /// Decisions that the receiver has not taken and will not take, though it answers that it took the body.
    func rejected(_ answer: [UInt8]) -> (count: UInt64, reason: String)?
}

extension UploadFormat {
    func rejected(_ answer: [UInt8]) -> (count: UInt64, reason: String)? { nil }
}
