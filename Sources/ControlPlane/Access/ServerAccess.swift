import CallerAccess
import EnforcementServer
import HTTPService
import Postgres

/// Who may call a server, and how he is told from others: what the options say.
public struct ServerAccess: Sendable {
    /// Tokens of one issuer.
    public struct Tokens: Sendable {
        public var policy: TokenPolicy
        public var keys: TokenVerifier.Keys

        public init(_ policy: TokenPolicy, keys: TokenVerifier.Keys) {
            self.policy = policy
            self.keys = keys
        }
    }

    public var tls: TLSFiles?
    public var tokens: Tokens?
    /// A file of API keys, in the place of those of the database.
    public var keyFile: String?
    /// Whether callers must prove who they are where nothing else says so.
    public var isRequired = false
    /// Whether somebody in front of the server ends TLS, so that it may listen without.
    public var isBehindProxy = false
    public var limit: RateLimiter.Limit?

    public init() {}

    /// Whether callers have to prove who they are: wherever it was said how they can.
    public var isAuthenticated: Bool { isRequired || tokens != nil || keyFile != nil || tls?.clientAuthorities != nil }

    func url(_ host: String, _ port: Int) -> String {
        "\(tls == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Refuses what would leave a door open.
    ///
    /// - Parameter hasDatabase: whether there is a database that holds API keys.
    public func check(_ address: ListenAddress, hasDatabase: Bool) throws(ControlError) {
        if isRequired, !hasDatabase, tokens == nil, keyFile == nil, tls?.clientAuthorities == nil {
            throw ControlError(
                .usage, "--require-authentication needs something to be proved by: --api-keys, --jwt-issuer, or --client-ca")
        }
        if limit != nil, !isAuthenticated {
            throw ControlError(
                .usage, "--rate-limit is per caller, and without authentication there are none; add --require-authentication")
        }
        guard !address.isLoopback else { return }
        guard isAuthenticated else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(address.host)`: whoever reaches it could ask anything. Add --require-authentication, or listen on a loopback address (127.0.0.1, ::1)"
            )
        }
        guard tls != nil || isBehindProxy else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(address.host)` without TLS: credentials could be read on the way. Add --tls-cert and --tls-key, or --behind-tls-proxy where somebody in front of it ends TLS"
            )
        }
    }
}

/// What a running server has of it.
final class RunningAccess: Sendable {
    let settings: CallerAccessSettings?
    let identity: TLSIdentity?
    private let access: ServerAccess
    private let book: APIKeyBook?
    private let follower = SetOnce<APIKeyFollower>()
    private let warn: @Sendable (String) -> Void

    /// - Parameters:
    ///   - hasDatabase: whether API keys are in a database, unless there is a file of them.
    ///   - warn: told of what cannot be read any more.
    init(_ access: ServerAccess, hasDatabase: Bool, warn: @escaping @Sendable (String) -> Void) throws(ControlError) {
        self.access = access
        self.warn = warn
        do throws(TLSFiles.Failure) {
            if let files = access.tls { identity = try TLSIdentity(files) } else { identity = nil }
        } catch {
            throw ControlError(.input, "TLS: \(error)")
        }
        guard access.isAuthenticated else {
            (settings, book) = (nil, nil)
            return
        }
        book = access.keyFile != nil || hasDatabase ? APIKeyBook() : nil
        var settings = CallerAccessSettings()
        settings.keys = book
        settings.takesCertificates = access.tls?.clientAuthorities != nil
        settings.limit = access.limit
        settings.tokens = access.tokens.map { tokens in
            TokenVerifier(tokens.policy, keys: tokens.keys) { warn($0 ?? "keys of the token issuer: working again") }
        }
        self.settings = settings
    }

    /// Reads keys, and follows them from then on.
    ///
    /// - Parameters:
    ///   - database: where they are, unless in a file.
    ///   - copy: a file in which what the database holds is left for the next start.
    func start(database: PostgresConfiguration? = nil, copy: String? = nil) throws(ControlError) {
        try prepareTokens()
        guard let book else { return }
        let source: APIKeyFollower.Source
        if let file = access.keyFile {
            source = .file(APIKeyFile(file))
        } else if let database, let copy {
            source = .database(database, copy: APIKeyFile(copy))
        } else {
            return
        }
        let follower = APIKeyFollower(
            source, book: book, now: { WallClock.now() / 1_000_000_000 }, complain: { [warn] in warn($0 ?? "API keys: working again") })
        do throws(AccessError) { try follower.start() } catch { throw ControlError(.input, "API keys: \(error)") }
        self.follower.set(follower)
        if book.count == 0 { warn("there is no API key yet: `charter api-keys create ACCOUNT` makes one") }
    }

    /// A file that cannot be read is a mistake; an address that does not answer may do so later.
    private func prepareTokens() throws(ControlError) {
        guard let verifier = settings?.tokens else { return }
        let isReady = try Blocking.run { await verifier.prepare(now: WallClock.now() / 1_000_000_000) }
        if !isReady, case .file(let path)? = access.tokens?.keys {
            throw ControlError(.input, "--jwks: `\(path)` holds no keys that tokens can be verified with")
        }
    }

    func url(_ host: String, _ port: Int) -> String { access.url(host, port) }

    /// Writes down what is left, and ends.
    func stop() { follower.value?.stop() }
}

extension EnforcementServer.Configuration {
    mutating func apply(_ running: RunningAccess) { (access, tls) = (running.settings, running.identity) }
}
