import NIOCore
import NIOHTTP1

/// A request that is answered before any handler sees it, after which the connection closes.
struct Rejection {
    var status: HTTPResponseStatus
    var detail: String
    var retryAfterSeconds: Int?

    init(_ status: HTTPResponseStatus, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    var response: HTTPResponse {
        var response = HTTPResponse.problem(Problem(status: status, detail: detail))
        if let retryAfterSeconds { response.headers.add(name: "Retry-After", value: "\(retryAfterSeconds)") }
        return response
    }

    /// What a parser's error means to the client; `nil` for an error that is not about what the client sent.
    ///
    /// - Parameters:
    ///   - startsWithMethod: the bytes in question begin with what could be a method.
    ///   - targetIsLong: the request line alone is past its limit.
    init?(_ error: any Error, startsWithMethod: Bool, targetIsLong: Bool) {
        switch error {
        case HTTPParserError.invalidMethod where startsWithMethod:
            self.init(.notImplemented, "the request method is not one this server knows")
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            if targetIsLong {
                self.init(.uriTooLong, "the request target is too long")
            } else {
                self.init(.requestHeaderFieldsTooLarge, "the request head is too large or has too many fields")
            }
        case HTTPParserError.invalidVersion, HTTPParserError.paused:
            self.init(.httpVersionNotSupported, "this server speaks HTTP/1.1 and HTTP/1.0")
        case HTTPParserError.unexpectedContentLength:
            self.init(.badRequest, "the request has conflicting `Content-Length` or `Transfer-Encoding` fields")
        case HTTPParserError.invalidContentLength:
            self.init(.badRequest, "the `Content-Length` field is not a number of bytes")
        case HTTPParserError.invalidChunkSize:
            self.init(.badRequest, "the chunked body is malformed")
        case HTTPParserError.invalidEOFState:
            self.init(.badRequest, "the request ended before it was complete")
        case is HTTPParserError, is ByteToMessageDecoderError:
            self.init(.badRequest, "the request is not well-formed HTTP/1.1")
        default:
            return nil
        }
    }
}
