import NIOHTTP1

/// What a request's head says about its framing, collected in one pass over the fields.
struct RequestHeadFacts {
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    private(set) var requestID: String?
    private(set) var keepsAlive: Bool
    private(set) var target: RequestTarget

    init(_ head: HTTPRequestHead, configuration: HTTPService.Configuration) throws(RejectedHead) {
        func reject(_ status: HTTPResponseStatus, _ detail: String) -> RejectedHead {
            RejectedHead(rejection: Rejection(status, detail))
        }
        var hosts = 0
        var hasType = false
        keepsAlive = head.isKeepAlive
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isField("host"): hosts += 1
            case 6 where name.isField("expect"):
                guard value.isField("100-continue") else { throw reject(.expectationFailed, "the `Expect` field is not `100-continue`") }
                expectsContinue = head.version.minor >= 1
            // The parser stops at the end of a message that asks for another protocol; the connection cannot be used further.
            case 7 where name.isField("upgrade"): keepsAlive = false
            case 12 where name.isField("content-type"): hasType = true
            case 12 where name.isField("x-request-id"): requestID = value.isSaneIdentifier ? value : nil
            case 14 where name.isField("content-length"):
                guard let length = Int(value), length >= 0 else {
                    throw reject(.badRequest, "the `Content-Length` field is not a number of bytes")
                }
                contentLength = length
            case 17 where name.isField("transfer-encoding"):
                guard value.isField("chunked") else {
                    throw reject(.notImplemented, "the only `Transfer-Encoding` this server knows is `chunked`")
                }
                isChunked = true
            default: break
            }
        }
        if isChunked && (contentLength != nil || head.version.minor == 0) {
            throw reject(.badRequest, "the request has conflicting `Content-Length` or `Transfer-Encoding` fields")
        }
        guard hosts == 1 || (hosts == 0 && head.version.minor == 0) else {
            throw reject(.badRequest, "the request must have exactly one `Host` field")
        }
        if head.method == .CONNECT { throw reject(.notImplemented, "this server is not a proxy") }
        if head.uri.utf8.count > configuration.maxTargetBytes { throw reject(.uriTooLong, "the request target is too long") }
        if let contentLength, contentLength > configuration.maxBodyBytes { throw RejectedHead(rejection: .tooLarge(configuration)) }
        // Without a length there is no body (RFC 9112 §6.3), which a client that says what its body is cannot have meant.
        if hasType, contentLength == nil, !isChunked, [.POST, .PUT, .PATCH].contains(head.method) {
            throw reject(.lengthRequired, "the request announces a body but has neither `Content-Length` nor `Transfer-Encoding`")
        }
        do {
            target = try RequestTarget(head.uri)
        } catch {
            throw reject(.badRequest, error.detail)
        }
    }
}

/// A head that is refused as soon as it is read.
struct RejectedHead: Error {
    var rejection: Rejection
}

extension Rejection {
    static func tooLarge(_ configuration: HTTPService.Configuration) -> Rejection {
        Rejection(.payloadTooLarge, "the request body is larger than \(configuration.maxBodyBytes) bytes")
    }
}

extension String {
    /// Whether this is `lowercase`, ASCII case aside.
    func isField(_ lowercase: StaticString) -> Bool {
        let bytes = utf8
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { expected in
            zip(bytes, expected).allSatisfy { $0 == $1 || ((0x41...0x5A).contains($0) && $0 | 0x20 == $1) }
        }
    }

    /// 1 to 128 visible ASCII characters: safe to send back in a header field and to write to a log.
    var isSaneIdentifier: Bool {
        (1...128).contains(utf8.count) && utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
