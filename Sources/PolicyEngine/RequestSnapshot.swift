import CEL

/// A request as a session decoded it, to be decided again later without being decoded. Holds everything of it: neither the session nor the
/// bytes that it was decoded from need to stay.
public struct RequestSnapshot {
    let inputs: CELActivationSnapshot
    let request: DecodedRequest
    let texts: SnapshotTexts
}

/// The texts of a request, in memory of its own.
final class SnapshotTexts {
    // INVARIANT: written before `init` returns and never after; who has a pointer into it keeps it.
    private let bytes: UnsafeMutableRawBufferPointer

    /// Copies the texts of a request and makes it point to the copies.
    init(_ request: inout DecodedRequest) {
        let texts: [WritableKeyPath<DecodedRequest, DecodedRequest.Text>] = [
            \.subjectType, \.subjectID, \.action, \.resourceType, \.resourceID,
        ]
        bytes = .allocate(byteCount: max(1, texts.reduce(0) { $0 + request[keyPath: $1].count }), alignment: 1)
        var start = 0
        for text in texts {
            let original = request[keyPath: text].bytes
            let copy = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + original.count])
            copy.copyMemory(from: original)
            request[keyPath: text] = DecodedRequest.Text(UnsafeRawBufferPointer(copy))
            start += original.count
        }
    }

    deinit { bytes.deallocate() }
}

extension DecisionSession {
    /// Copies the request that was decoded last.
    public func snapshot() -> RequestSnapshot {
        var copy = request.pointee
        let texts = SnapshotTexts(&copy)
        return RequestSnapshot(inputs: activation.snapshot(), request: copy, texts: texts)
    }

    /// Makes a request the one to be decided next.
    ///
    /// - Precondition: it was decoded by a session of the same engine.
    public func restore(_ snapshot: RequestSnapshot) {
        activation.restore(snapshot.inputs)
        request.pointee = snapshot.request
        scratch.pointee.texts = snapshot.texts
        forgetDecision()
    }
}
