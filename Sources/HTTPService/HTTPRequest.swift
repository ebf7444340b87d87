import NIOCore
import NIOHTTP1

/// A request whose head and body are complete.
public struct HTTPRequest: Sendable {
    /// The method; `HEAD` reaches the handler registered for `GET`.
    public var method: HTTPMethod
    /// The path, percent-decoded, without the query.
    public var path: String
    /// What the route's trailing `{name}` or `{name...}` stands for, percent-decoded; `nil` for a route without one.
    public var capture: String?
    /// The query's pairs in their order, percent-decoded, with `+` as a space; a name without `=` has the value `""`.
    public var query: [(name: String, value: String)]
    /// The header fields.
    public var headers: HTTPHeaders
    /// The whole body.
    public var body: ByteBuffer
    /// The IP address of the other end of the connection, which may be a proxy.
    public var remoteIP: String?
    /// The client's `X-Request-ID` where it is 1 to 128 visible ASCII characters.
    public var requestID: String?
    /// The certificate of the client, verified, where it has shown one.
    public var peer: PeerCertificate?

    public init(
        method: HTTPMethod, path: String, capture: String? = nil, query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer(), remoteIP: String? = nil, requestID: String? = nil,
        peer: PeerCertificate? = nil
    ) {
        self.method = method
        self.path = path
        self.capture = capture
        self.query = query
        self.headers = headers
        self.body = body
        self.remoteIP = remoteIP
        self.requestID = requestID
        self.peer = peer
    }

    /// The first header field of this name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first(name: name)
    }

    /// The first query value of this name.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}
