import JSON

/// What a receiver says in the body of an answer with status 200 (OTLP, "Partial Success").
public struct ExportAnswer: Sendable, Equatable {
    /// Records, spans or points that it has not taken and will not take.
    public var rejected: UInt64
    public var message: String

    /// - Parameters:
    ///   - body: JSON; what cannot be read says that all was taken, as an empty body does.
    ///   - member: `rejectedLogRecords`, `rejectedSpans` or `rejectedDataPoints`.
    public init(_ body: [UInt8], _ member: String) {
        let partial = (try? JSONParser.parse(body))?["partialSuccess"]
        let number = partial?[member]
        rejected = UInt64(clamping: number?.intValue ?? number?.stringValue.flatMap { Int64($0) } ?? 0)
        message = partial?["errorMessage"]?.stringValue ?? ""
    }
}
