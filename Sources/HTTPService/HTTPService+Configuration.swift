import NIOCore

extension HTTPService {
    /// Where a service listens and what it puts up with.
    public struct Configuration: Sendable {
        /// The address or name to listen on.
        public var host: String
        /// The TCP port; 0 lets the system choose.
        public var port: Int
        /// Event loop threads.
        public var eventLoops: Int
        /// The largest request body, in bytes; a larger one is answered 413.
        public var maxBodyBytes: Int
        /// The largest request head, in bytes; a larger one is answered 431, or 414 where the target alone takes more than half of it.
        public var maxHeaderBytes: Int
        /// Time from the first byte of a head to its end, and from accepting a connection to its first byte.
        public var headerTimeout: TimeAmount
        /// Time from the end of a head to the end of its body.
        public var bodyTimeout: TimeAmount
        /// Time a connection may rest between requests, and a client may take no byte of a waiting response.
        public var idleTimeout: TimeAmount
        /// Connections served at once; further ones are answered 503 and closed.
        public var maxConnections: Int
        /// Requests of one connection that may wait for their responses; beyond it the connection is not read.
        public var maxPipelined: Int
        /// Time that ``HTTPService/stop()`` gives requests in flight.
        public var drainTimeout: TimeAmount
        /// The `Server` header field; `nil` leaves it out.
        public var serverName: String?
        /// The certificate to be shown; without one the service speaks plain HTTP.
        public var tls: TLSIdentity?
        /// Told of every request that is answered, on its event loop. With it, no request takes the express lane, which tells nothing.
        public var access: (@Sendable (AnsweredRequest) -> Void)?

        public init(
            host: String = "127.0.0.1", port: Int = 8080, eventLoops: Int = System.coreCount, maxBodyBytes: Int = 1 << 20,
            maxHeaderBytes: Int = 16 << 10, headerTimeout: TimeAmount = .seconds(10), bodyTimeout: TimeAmount = .seconds(30),
            idleTimeout: TimeAmount = .seconds(60), maxConnections: Int = 10_000, maxPipelined: Int = 32,
            drainTimeout: TimeAmount = .seconds(5), serverName: String? = nil
        ) {
            self.host = host
            self.port = port
            self.eventLoops = eventLoops
            self.maxBodyBytes = maxBodyBytes
            self.maxHeaderBytes = maxHeaderBytes
            self.headerTimeout = headerTimeout
            self.bodyTimeout = bodyTimeout
            self.idleTimeout = idleTimeout
            self.maxConnections = maxConnections
            self.maxPipelined = maxPipelined
            self.drainTimeout = drainTimeout
            self.serverName = serverName
        }

        /// The longest request target, in bytes.
        var maxTargetBytes: Int { maxHeaderBytes / 2 }

        /// How often deadlines are looked at: a tenth of the shortest, within 10 ms to 500 ms.
        var sweepInterval: TimeAmount {
            let shortest = min(headerTimeout, bodyTimeout, idleTimeout).nanoseconds / 10
            return .nanoseconds(max(10_000_000, min(500_000_000, shortest)))
        }

        func validate() throws(HTTPServiceError) {
            let checks: [(String, Bool)] = [
                ("port", (0...65535).contains(port)), ("eventLoops", (1...1024).contains(eventLoops)),
                ("maxBodyBytes", maxBodyBytes >= 0), ("maxHeaderBytes", maxHeaderBytes >= 256),
                ("headerTimeout", headerTimeout > .nanoseconds(0)), ("bodyTimeout", bodyTimeout > .nanoseconds(0)),
                ("idleTimeout", idleTimeout > .nanoseconds(0)), ("maxConnections", maxConnections > 0),
                ("maxPipelined", maxPipelined > 0), ("drainTimeout", drainTimeout >= .nanoseconds(0)),
            ]
            for (member, holds) in checks where !holds { throw .invalidConfiguration(member) }
        }
    }
}
