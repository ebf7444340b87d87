/// A request that was read without the parser: its head has the plain form that nearly every client sends, and its body is whole.
///
/// INVARIANT: the bytes are valid while the handler runs.
public struct ExpressRequest {
    public var body: UnsafeRawBufferPointer
    /// The value of the one `Authorization` field.
    public var authorization: UnsafeRawBufferPointer?
    /// The value of `X-Request-ID`: 1 to 128 visible ASCII characters.
    public var requestID: UnsafeRawBufferPointer?
    /// The value of `traceparent` (W3C Trace Context), unchecked.
    public var traceparent: UnsafeRawBufferPointer?
    /// The IP address of the other end of the connection, which may be a proxy.
    public var remoteIP: String?
    /// The certificate of the client, verified, where it has shown one.
    public var peer: PeerCertificate?
}

/// Answers a request from bytes to bytes: it calls `respond` once with the JSON of a 200 answer, or declines.
///
/// - Returns: `false` if it has not called `respond`: then the request goes the ordinary way, as if nobody had looked at it.
public typealias ExpressHandler = @Sendable (ExpressRequest, _ respond: (UnsafeRawBufferPointer) -> Void) -> Bool

/// A route that has a handler from bytes to bytes beside its ordinary one.
struct ExpressRoute: Sendable {
    /// The whole first line of its requests.
    let line: [UInt8]
    /// Of the ordinary route.
    let index: Int
    let handler: ExpressHandler
}
