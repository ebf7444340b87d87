import Spool
import Uploads

/// Brings decisions to an HTTP server, in bodies of JSON that are compressed.
///
/// Where a body is refused for what is in it, it is halved until what is refused is one decision: that one is lost there, and the others are taken. What
/// is wrong with the address or the credential, and what is wrong at the receiver for a while, is waited for instead.
public final class UploadSink: DecisionSink, @unchecked Sendable {
    // INVARIANT: all that is not constant is used by the worker's thread alone.

    public let name: String
    public let batchBytes = 1 << 19
    public let interval: Duration

    private let uploader: Uploader
    private let format: any UploadFormat
    private let bodyBytes: Int
    /// How far the batch that begins with `start` has come, should it come again.
    private var progress = Progress()

    private struct Progress {
        var start: UInt64?
        var settled: UInt64 = 0
        var delivery = SinkDelivery.whole
    }

    /// What a body may have, before it is compressed; one decision may have more.
    public static let bodyBytes = 1 << 20

    init(
        name: String, _ uploader: Uploader, _ format: any UploadFormat, bodyBytes: Int = UploadSink.bodyBytes,
        interval: Duration = .milliseconds(500)
    ) {
        self.name = name
        self.uploader = uploader
        self.format = format
        self.bodyBytes = bodyBytes
        self.interval = interval
    }

    public func deliver(_ batch: SpoolBatch, of stream: DecisionStream) throws(SinkFailure) -> SinkDelivery {
        if progress.start != batch.expected { progress = Progress(start: batch.expected, settled: progress.settled) }
        var records: [UploadRecord] = []
        batch.read { sequence, bytes in
            guard sequence >= progress.settled, let record = DecisionRecord(bytes) else { return }
            records.append(UploadRecord(sequence: sequence, record: record))
        }
        try bring(records[...], stream)
        let delivery = progress.delivery
        progress = Progress(settled: batch.next)
        return delivery
    }

    private func bring(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) throws(SinkFailure) {
        guard let last = records.last else { return }
        if let body = format.body(records, stream) {
            if body.count > bodyBytes, records.count > 1 { return try bringHalves(records, stream) }
            let answer = try send(body)
            switch answer.status {
            case 200..<300:
                if let rejected = format.rejected(answer.body), rejected.count > 0 {
                    refuse(min(rejected.count, UInt64(records.count)), "\(uploader.address.shown) rejects them: \(rejected.reason)")
                }
            case 401, 403, 404, 405, 407, 408, 425, 429: throw waiting(answer)
            case 400..<500:
                if records.count > 1 { return try bringHalves(records, stream) }
                refuse(1, "\(uploader.address.shown) answers with status \(answer.status)")
            default: throw waiting(answer)
            }
        }
        progress.settled = last.sequence + 1
    }

    private func bringHalves(_ records: ArraySlice<UploadRecord>, _ stream: DecisionStream) throws(SinkFailure) {
        let middle = records.startIndex + records.count / 2
        try bring(records[..<middle], stream)
        try bring(records[middle...], stream)
    }

    private func refuse(_ count: UInt64, _ reason: String) {
        progress.delivery = SinkDelivery(refused: progress.delivery.refused + count, reason: reason)
    }

    private func send(_ body: [UInt8]) throws(SinkFailure) -> Uploader.Answer {
        do throws(Uploader.Failure) {
            return try uploader.send(body)
        } catch {
            throw SinkFailure(error.description)
        }
    }

    private func waiting(_ answer: Uploader.Answer) -> SinkFailure {
        SinkFailure("\(uploader.address.shown) answers with status \(answer.status)", pause: answer.retryAfter.map { .seconds($0) })
    }
}
