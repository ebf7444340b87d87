import JSON

/// Why there is no answer. Whoever gets one does not know that something is allowed: treat it as a no.
public enum CharterClientError: Error, Sendable, CustomStringConvertible {
    /// The client was told something that cannot be used.
    case configuration(String)
    /// No connection could be made.
    case unreachable(String)
    /// The server's certificate is not trusted, or the handshake failed otherwise.
    case insecure(String)
    /// The connection ended before the answer was whole.
    case connectionLost(String)
    /// The time of the call was over, all attempts included.
    case timeout
    /// 401, 403: the credential is missing or not accepted, or what it stands for may not do this.
    case refused(ServerProblem)
    /// 400, 413, 415, 422: the request is at fault.
    case badRequest(ServerProblem)
    /// 429, 503: the server is busy, or has no bundle yet.
    case unavailable(ServerProblem)
    /// Any other status.
    case unexpected(ServerProblem)
    /// The answer is not what the API answers.
    case unreadable(String)
    /// The client was shut down.
    case closed
    /// The task was cancelled.
    case cancelled

    public var description: String {
        switch self {
        case .configuration(let why): "the client cannot be used so: \(why)"
        case .unreachable(let why): "the server cannot be reached: \(why)"
        case .insecure(let why): "the connection is not secure: \(why)"
        case .connectionLost(let why): "the connection ended before the answer: \(why)"
        case .timeout: "the server did not answer in time"
        case .refused(let problem), .badRequest(let problem), .unavailable(let problem), .unexpected(let problem): problem.description
        case .unreadable(let why): "the answer cannot be read: \(why)"
        case .closed: "the client is shut down"
        case .cancelled: "the call was cancelled"
        }
    }
}

/// What a server says is wrong (RFC 9457).
public struct ServerProblem: Sendable, Hashable, CustomStringConvertible {
    /// A place in the request that is wrong.
    public struct Place: Sendable, Hashable {
        /// A JSON Pointer.
        public var pointer: String
        public var detail: String
    }

    public var status: Int
    public var title: String
    public var detail: String?
    public var places: [Place]
    /// The id of the request, by which it is found in logs.
    public var requestID: String

    init(_ answer: Answer, requestID: String) {
        let json = try? JSONParser.parse(Array(answer.body.readableBytesView))
        status = answer.status
        title = json?["title"]?.stringValue ?? "status \(answer.status)"
        detail = json?["detail"]?.stringValue
        places = (json?["errors"]?.arrayValue ?? []).map {
            Place(pointer: $0["pointer"]?.stringValue ?? "", detail: $0["detail"]?.stringValue ?? "")
        }
        self.requestID = requestID
    }

    public var description: String { "\(status) \(title)" + (detail.map { ": \($0)" } ?? "") + " (request \(requestID))" }
}
