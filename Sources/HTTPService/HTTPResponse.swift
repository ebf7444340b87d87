import NIOCore
import NIOHTTP1

/// A response with its whole body.
///
/// `Content-Length`, `Date`, `Server`, `Connection` and `X-Request-ID` are the service's: fields of these names and
/// `Transfer-Encoding` are dropped, save that `Connection: close` closes the connection after this response.
public struct HTTPResponse: Sendable {
    /// The status; 2xx to 5xx.
    public var status: HTTPResponseStatus
    /// The header fields. Control characters in values are sent as spaces and fields with a malformed name are left out.
    public var headers: HTTPHeaders
    /// The body; not sent in answer to `HEAD` or with 204 and 304.
    public var body: ByteBuffer
    /// Who has asked, for the log of requests; it is not sent.
    public var caller: String?

    public init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// `bytes` as `application/json`.
    public static func json(_ bytes: [UInt8], status: HTTPResponseStatus = .ok) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: ByteBuffer(bytes: bytes))
    }

    /// `text` as `text/plain` in UTF-8.
    public static func text(_ text: String, status: HTTPResponseStatus = .ok) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }

    /// `problem` with its own status; one outside 400–599 is sent as 500.
    public static func problem(_ problem: Problem) -> HTTPResponse {
        var problem = problem
        if !(400...599).contains(problem.status) { problem.status = 500 }
        return HTTPResponse(
            status: HTTPResponseStatus(statusCode: problem.status), headers: ["Content-Type": "application/problem+json"],
            body: ByteBuffer(bytes: problem.json()))
    }

    /// The registry's page in the Prometheus text format.
    public static func metrics(_ registry: MetricsRegistry) -> HTTPResponse {
        HTTPResponse(headers: ["Content-Type": MetricsRegistry.contentType], body: ByteBuffer(bytes: registry.render()))
    }
}

/// What a handler answers with.
public enum HTTPResult: Sendable {
    /// A response at hand, sent from the event loop without a hop.
    case ready(HTTPResponse)
    /// A response that takes time; the closure runs in a task of its own, cancelled when the connection ends.
    case later(@Sendable () async -> HTTPResponse)
}
