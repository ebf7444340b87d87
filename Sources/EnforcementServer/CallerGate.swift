import HTTPService

/// Lets requests in, or not.
public protocol CallerGate: Sendable {
    /// Who has sent the request, if he may do `operation`. Called on an event loop: what takes time is left for later.
    func admit(_ request: HTTPRequest, to operation: APIOperation) -> Admission
}

/// What a gate says.
public enum Admission: Sendable {
    case admitted(Caller)
    case refused(HTTPResponse)
    /// It takes time to find out.
    case later(@Sendable () async -> Settled)

    public enum Settled: Sendable {
        case admitted(Caller)
        case refused(HTTPResponse)
    }
}

/// Lets everybody in: for a server that can be reached from this machine alone.
public struct OpenGate: CallerGate {
    public init() {}

    public func admit(_ request: HTTPRequest, to operation: APIOperation) -> Admission { .admitted(.anonymous) }
}
