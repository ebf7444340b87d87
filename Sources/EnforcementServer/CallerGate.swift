import HTTPService

/// Lets requests in, or not.
public protocol CallerGate: Sendable {
    /// Who has sent the request, if he may do `operation`. Called on an event loop: what takes time is left for later.
    func admit(_ request: HTTPRequest, to operation: APIOperation) -> Admission

    /// Who has sent a request, if that is known at once and he may do `operation`; of all others, `nil` here, `admit` tells more.
    ///
    /// - Parameters:
    ///   - authorization: the value of the `Authorization` field.
    ///   - peer: the client's certificate, verified.
    func admitAtOnce(
        _ authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?, to operation: APIOperation
    ) -> Caller?
}

extension CallerGate {
    public func admitAtOnce(
        _ authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?, to operation: APIOperation
    ) -> Caller? { nil }
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

    public func admitAtOnce(
        _ authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?, to operation: APIOperation
    ) -> Caller? { .anonymous }
}
