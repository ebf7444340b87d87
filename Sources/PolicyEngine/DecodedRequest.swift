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
