import NIOCore
import NIOSSL

/// How a server proves who it is, and the client if that is asked.
public struct ClientTLS: Sendable {
    /// A PEM file of the authorities that are trusted; those of the system by default.
    public var authorities: String?
    /// PEM files of the client's own certificate and its key.
    public var certificate: (chain: String, key: String)?

    public init(authorities: String? = nil, certificate: (chain: String, key: String)? = nil) {
        self.authorities = authorities
        self.certificate = certificate
    }

    func context() throws(CharterClientError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .file(authorities) }
        do {
            if let certificate {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .configuration("the certificates cannot be used: \(error)")
        }
    }

    static func isTLS(_ error: any Error) -> Bool {
        if case .uncleanShutdown? = error as? NIOSSLError { return false }
        return error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    }

    /// A host that is an address has no name that could be sent (RFC 6066 §3), and its certificate is checked by the address.
    static func handler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}
