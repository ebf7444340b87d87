import CEL

/// A request, names looked up in the bundle: what deciding starts from. Plain numbers and places.
struct DecodedRequest {
    /// Why there is nothing to evaluate.
    enum Refusal: UInt8 {
        case none, unknownSubject, subjectDisabled, unknownResource, unknownAction
    }

    /// Bytes that stay as long as the request does.
    struct Text {
        var start: UnsafeRawPointer?
        var count = 0

        init(_ bytes: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) {
            start = bytes.baseAddress
            count = bytes.count
        }

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
        var string: String { String(decoding: bytes, as: UTF8.self) }
    }

    var refusal = Refusal.none
    var subjectType = Text()
    var subjectID = Text()
    var action = Text()
    var resourceType = Text()
    var resourceID = Text()
    var isServiceAccount = false
    /// Row of `subj`.
    var subject = 0
    var roles: UnsafePointer<UInt32>?
    var roleCount = 0
    var teams: UnsafePointer<UInt32>?
    var teamCount = 0
    /// Row of `actn`, or the number of them for an action that no document names.
    var actionNumber = 0
    /// Row of `modl`, or, for a declared type, its row in `rtyp` after all models.
    var entry = 0
    /// Row of `modl`; -1 for a declared type.
    var model = -1
    /// Nanoseconds since 1970.
    var now: Int64 = 0
    /// In 10⁻⁹ of the currency.
    var cost: Int64?
    var inputTokens: Int64?
    var outputTokens: Int64?
}

/// A request as a session decoded it, to be decided again later without being decoded.
public struct RequestSnapshot {
    let inputs: CELActivationSnapshot
    let request: DecodedRequest
}

extension DecisionSession {
    /// Copies the request that was decoded last. The bytes that it was decoded from must stay where they are as long as the copy is used.
    public func snapshot() -> RequestSnapshot {
        RequestSnapshot(inputs: activation.snapshot(), request: request.pointee)
    }

    /// Makes a request the one to be decided next.
    ///
    /// - Precondition: it was decoded by a session of the same engine.
    public func restore(_ snapshot: RequestSnapshot) {
        activation.restore(snapshot.inputs)
        request.pointee = snapshot.request
        state.pointee.requestNumber += 1
        state.pointee.isAllowed = false
    }
}
