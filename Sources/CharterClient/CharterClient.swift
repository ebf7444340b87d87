import JSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a Charter server for decisions, over HTTP connections that are kept.
///
/// Safe to use from any task. One for each server is enough.
public final class CharterClient: Sendable {
    public struct Configuration: Sendable {
        /// `http://127.0.0.1:8181`; what stands behind the port comes before each path.
        public var url: String
        /// An API key or a token, sent as bearer credential; over plain http to this machine alone.
        public var key: String?
        /// How https is checked.
        public var tls = ClientTLS()
        /// How long a call takes at most, with all attempts and the waiting for a connection.
        public var timeout = Duration.seconds(5)
        /// How long it takes at most to make a connection.
        public var connectTimeout = Duration.seconds(2)
        /// How often a call is made again where that is safe: without a connection, after one that was lost, and after 429 and 503.
        public var retries = 2
        /// How many connections there are at most.
        public var connections = 8
        /// The longest answer that is read, in bytes.
        public var longestAnswer = 16 << 20
        /// Whether a credential may go over plain http to another machine, where whoever is on the way can read it.
        public var sendsKeyInPlainText = false

        public init(url: String, key: String? = nil) {
            self.url = url
            self.key = key
        }
    }

    /// What concerns one call.
    public struct CallOptions: Sendable {
        /// 1 to 128 visible ASCII characters, by which the request is found in logs; one is made up if there is none.
        public var requestID: String?
        /// W3C Trace Context: the value of `traceparent`.
        public var traceparent: String?
        /// Instead of the configuration's.
        public var timeout: Duration?

        public init(requestID: String? = nil, traceparent: String? = nil, timeout: Duration? = nil) {
            self.requestID = requestID
            self.traceparent = traceparent
            self.timeout = timeout
        }
    }

    private let configuration: Configuration
    private let address: ServerAddress
    private let pool: ConnectionPool

    /// Makes no connection yet.
    ///
    /// - Parameter group: the event loops that it runs on; by default those that all of a process share.
    public init(
        _ configuration: Configuration, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws(CharterClientError) {
        self.configuration = configuration
        address = try ServerAddress(configuration.url)
        if let key = configuration.key {
            guard Self.isVisible(key) else { throw .configuration("the key must be visible ASCII characters") }
            guard address.isSecure || configuration.sendsKeyInPlainText || ["127.0.0.1", "::1", "localhost"].contains(address.host) else {
                throw .configuration("the key would go over plain http to another machine; use https")
            }
        }
        pool = ConnectionPool(
            address, tls: address.isSecure ? try configuration.tls.context() : nil, most: configuration.connections,
            connectTimeout: configuration.connectTimeout, longestAnswer: configuration.longestAnswer, group: group)
    }

    /// Closes all connections. Calls that are under way end first; later ones throw ``CharterClientError/closed``.
    public func shutdown() async { await pool.close() }

    static func isVisible(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (0x21..<0x7f).contains($0) } }

    // MARK: Calls

    /// Posts `body` and reads a JSON answer.
    func post(_ path: String, _ body: JSONValue, _ options: CallOptions) async throws(CharterClientError) -> JSONValue {
        let requestID = options.requestID ?? Self.newRequestID()
        let call = Call(head: try head(path, requestID, options), body: ByteBuffer(bytes: JSONWriter.bytes(body)))
        let answer = try await send(call, within: options.timeout ?? configuration.timeout)
        switch answer.status {
        case 200:
            do throws(JSONSyntaxError) {
                return try JSONParser.parse(Array(answer.body.readableBytesView))
            } catch {
                throw .unreadable("it is not valid JSON: \(error)")
            }
        case 401, 403: throw .refused(ServerProblem(answer, requestID: requestID))
        case 400, 413, 415, 422: throw .badRequest(ServerProblem(answer, requestID: requestID))
        case 429, 503: throw .unavailable(ServerProblem(answer, requestID: requestID))
        default: throw .unexpected(ServerProblem(answer, requestID: requestID))
        }
    }

    private func head(_ path: String, _ requestID: String, _ options: CallOptions) throws(CharterClientError) -> HTTPRequestHead {
        guard Self.isVisible(requestID), requestID.utf8.count <= 128 else {
            throw .configuration("the request id must be 1 to 128 visible ASCII characters")
        }
        var headers: HTTPHeaders = [
            "Host": address.hostField, "Content-Type": "application/json", "Accept": "application/json", "X-Request-ID": requestID,
            "User-Agent": "charter-client-swift",
        ]
        if let key = configuration.key { headers.add(name: "Authorization", value: "Bearer \(key)") }
        if let trace = options.traceparent {
            guard Self.isVisible(trace) else { throw .configuration("`traceparent` must be visible ASCII characters") }
            headers.add(name: "traceparent", value: trace)
        }
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: address.prefix + path, headers: headers)
    }

    /// Makes a call, again where that is safe, until time is over.
    private func send(_ call: Call, within time: Duration) async throws(CharterClientError) -> Answer {
        let parts = time.components
        let deadline = NIODeadline.now() + .nanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
        var call = call
        call.head.headers.replaceOrAdd(name: "Content-Length", value: String(call.body.readableBytes))
        var plan = RetryPlan(most: configuration.retries)
        while true {
            let pause: Duration?
            let outcome = await attempt(call, by: deadline)
            switch outcome {
            case .success(let answer) where answer.status == 429 || answer.status == 503:
                pause = plan.pause(atLeast: answer.retryAfter, by: deadline)
            case .success: pause = nil
            case .failure(let failure): pause = failure.isWorthAnother ? plan.pause(by: deadline) : nil
            }
            guard let pause else { return try outcome.mapError(\.error).get() }
            guard (try? await Task.sleep(for: pause)) != nil else { throw .cancelled }
        }
    }

    private func attempt(_ call: Call, by deadline: NIODeadline) async -> Result<Answer, AttemptFailure> {
        if Task.isCancelled { return .failure(.init(.cancelled)) }
        let connection: PooledConnection
        do {
            connection = try await pool.acquire(by: deadline)
        } catch {
            return .failure(AttemptFailure(connecting: error, by: deadline))
        }
        do {
            let answer = try await connection.perform(call, by: deadline)
            pool.release(answer.keepsAlive ? connection : nil)
            return .success(answer)
        } catch {
            pool.release(nil)
            return .failure(AttemptFailure(exchanging: error))
        }
    }

    private static func newRequestID() -> String {
        let digits = Array("0123456789abcdef".utf8)
        var generator = SystemRandomNumberGenerator()
        return String(decoding: (0..<32).map { _ in digits[Int(generator.next() & 15)] }, as: UTF8.self)
    }
}

/// Why an attempt has failed, and whether another may go better.
private struct AttemptFailure: Error {
    var error: CharterClientError
    var isWorthAnother = false

    init(_ error: CharterClientError) { self.error = error }

    init(connecting error: any Error, by deadline: NIODeadline) {
        switch error {
        case let error as CharterClientError: self.error = error
        case ExchangeFailure.timeout: self.error = .timeout
        case is CancellationError: self.error = .cancelled
        case _ where NIODeadline.now() >= deadline: self.error = .timeout
        default:
            self.error = .unreachable("\(error)")
            isWorthAnother = true
        }
    }

    init(exchanging error: any Error) {
        switch error {
        case _ where Task.isCancelled: self.error = .cancelled
        case ExchangeFailure.timeout: self.error = .timeout
        case ExchangeFailure.insecure(let why): self.error = .insecure(why)
        case ExchangeFailure.tooLarge: self.error = .unreadable("it is longer than the client reads")
        case ExchangeFailure.lost(let why, let hasBegun):
            self.error = .connectionLost(why)
            isWorthAnother = !hasBegun
        default: self.error = .connectionLost("\(error)")
        }
    }
}
