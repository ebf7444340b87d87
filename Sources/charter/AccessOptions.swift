import ArgumentParser
import CallerAccess
import ControlPlane
import HTTPService
import Webhooks

/// Who may call a server.
struct AccessOptions: ParsableArguments {
    @Flag(
        name: .long, help: "Callers must prove who they are: by an API key, a token, or a certificate. Any option that says how implies it."
    )
    var requireAuthentication = false

    @Option(name: .long, help: "A file of API keys, as `charter api-keys create --file` makes it, in the place of those of the database.")
    var apiKeys: String?

    @Option(name: .long, help: "The issuer (`iss`) of bearer tokens that are taken.")
    var jwtIssuer: String?

    @Option(name: .long, help: "Whom tokens must be meant for (`aud`). May be repeated.")
    var jwtAudience: [String] = []

    @Option(name: .long, help: "The issuer's public keys, a JSON Web Key set: a file, or an https address.")
    var jwks: String?

    @Option(name: .long, help: "The claim that says who it is: one of the subject's `identities`.")
    var jwtClaim = "sub"

    @Option(name: .long, help: "The server's certificate and the intermediate ones, in PEM. Read again when the file changes.")
    var tlsCert: String?

    @Option(name: .long, help: "The private key of the certificate, in PEM.")
    var tlsKey: String?

    @Option(
        name: .long, help: "Certificates of those who sign certificates of clients, in PEM. Clients may then prove by one who they are.")
    var clientCa: String?

    @Flag(name: .long, help: "Listen without TLS where others can reach it, as a proxy in front ends it.")
    var behindTlsProxy = false

    @Option(name: .long, help: "Requests a second that a caller may send, e.g. 100, 100/s or 600/m.")
    var rateLimit: String?

    @Option(name: .long, help: "Requests that a caller may send at once; as many as in a second by default.")
    var rateBurst: Int?

    /// - Parameter hasDatabase: whether there is a database that holds API keys.
    func access(for address: ListenAddress, hasDatabase: Bool) throws(ControlError) -> ServerAccess {
        var access = ServerAccess()
        access.isRequired = requireAuthentication
        access.isBehindProxy = behindTlsProxy
        access.keyFile = apiKeys
        access.tls = try tls()
        access.tokens = try tokens()
        access.limit = try limit()
        try access.check(address, hasDatabase: hasDatabase)
        return access
    }

    private func tls() throws(ControlError) -> TLSFiles? {
        switch (tlsCert, tlsKey) {
        case (let certificate?, let key?): return TLSFiles(certificateChain: certificate, privateKey: key, clientAuthorities: clientCa)
        case (nil, nil):
            guard clientCa == nil else {
                throw ControlError(.usage, "--client-ca needs --tls-cert and --tls-key: certificates are shown in TLS")
            }
            return nil
        default: throw ControlError(.usage, "--tls-cert and --tls-key belong together")
        }
    }

    private func tokens() throws(ControlError) -> ServerAccess.Tokens? {
        switch (jwtIssuer, jwks, jwtAudience.isEmpty) {
        case (nil, nil, true): return nil
        case (let issuer?, let keys?, false):
            if keys.hasPrefix("http"), keys.contains("://"), !WebhookSender.mayReach(keys) {
                throw ControlError(.usage, "--jwks must be a file or an https address: whoever can change the keys can make tokens")
            }
            guard !jwtClaim.isEmpty else { throw ControlError(.usage, "--jwt-claim is empty") }
            var policy = TokenPolicy(issuer: issuer, audiences: jwtAudience)
            policy.subjectClaim = jwtClaim
            return .init(policy, keys: .init(keys))
        default:
            throw ControlError(
                .usage, "--jwt-issuer, --jwt-audience and --jwks belong together: a token is believed only by all three")
        }
    }

    private func limit() throws(ControlError) -> RateLimiter.Limit? {
        guard let rateLimit else {
            guard rateBurst == nil else { throw ControlError(.usage, "--rate-burst needs --rate-limit") }
            return nil
        }
        let parts = rateLimit.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let seconds: Double? =
            switch parts.count == 2 ? parts[1] : "s" {
            case "s": 1
            case "m": 60
            case "h": 3600
            default: nil
            }
        guard let seconds, let count = Double(parts[0]), let limit = RateLimiter.Limit(perSecond: count / seconds, burst: rateBurst) else {
            throw ControlError(
                .usage, "--rate-limit `\(rateLimit)` is no rate; write 100, 100/s, 600/m or 1000/h, and a burst of 1 or more")
        }
        return limit
    }
}
