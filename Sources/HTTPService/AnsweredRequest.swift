/// A request that was answered, for whoever logs requests. It holds nothing of the query, the bodies or the credentials.
public struct AnsweredRequest: Sendable {
    /// `nil` where the head could not be read.
    public var method: String?
    /// The pattern of the route; `none` for what matched none.
    public var route: String
    public var status: UInt
    public var seconds: Double
    /// Who has asked, as the handler told it.
    public var caller: String?
    /// The client's `X-Request-ID`.
    public var requestID: String?
}
