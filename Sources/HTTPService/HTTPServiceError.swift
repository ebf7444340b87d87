/// Why a service did not start.
public enum HTTPServiceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another socket listens there.
    case addressInUse(host: String, port: Int)
    /// The system refused the address for another reason.
    case cannotBind(host: String, port: Int, reason: String)
    /// The service was started before; a service starts once.
    case alreadyStarted
    /// A limit is not a positive number; the configuration's member is named.
    case invalidConfiguration(String)
    /// The service's own metrics clash with others in the registry.
    case metrics(MetricsError)

    public var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "address \(host) port \(port) is in use: stop the process that listens there (`ss -ltnp 'sport = :\(port)'` shows it) "
                + "or configure another port"
        case .cannotBind(let host, let port, let reason):
            "cannot listen on address \(host) port \(port): \(reason); check that the address belongs to this machine and that "
                + "ports below 1024 are allowed to this user"
        case .alreadyStarted:
            "the HTTP service was started before; make a new one"
        case .invalidConfiguration(let member):
            "the HTTP service's configuration `\(member)` is out of range"
        case .metrics(let error):
            "the HTTP service's metrics cannot be registered: \(error)"
        }
    }
}
