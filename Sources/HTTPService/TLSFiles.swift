import NIOSSL
import Waiting

/// The files that TLS needs, all PEM.
public struct TLSFiles: Sendable, Hashable {
    /// The server's certificate, followed by the intermediate ones.
    public var certificateChain: String
    public var privateKey: String
    /// Who signs the certificates of clients. With it, a client that shows one must show one that is signed so; without it, none is asked for.
    public var clientAuthorities: String?

    public init(certificateChain: String, privateKey: String, clientAuthorities: String? = nil) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.clientAuthorities = clientAuthorities
    }

    /// Why files cannot be used.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// What was made of the files.
    struct Loaded: Sendable {
        var context: NIOSSLContext
        /// Seconds since 1970; of the chain the certificate that ends first.
        var expiresAt: Int64
    }

    /// TLS 1.3 and nothing older.
    func load() throws(Failure) -> Loaded {
        let chain = try certificates(certificateChain)
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(file: privateKey, format: .pem) } catch {
            throw Failure(description: "`\(privateKey)` holds no private key in PEM that can be read, without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        // A client that does not say goodbye is not waited for long.
        configuration.shutdownTimeout = .seconds(1)
        if let clientAuthorities {
            configuration.trustRoots = .certificates(try certificates(clientAuthorities))
            configuration.certificateVerification = .optionalVerification
            configuration.sendCANameList = true
        }
        do {
            let expiresAt = chain.map { Int64($0.notValidAfter) }.min() ?? 0
            return Loaded(context: try NIOSSLContext(configuration: configuration), expiresAt: expiresAt)
        } catch {
            throw Failure(
                description:
                    "`\(privateKey)` is not the key of the first certificate in `\(certificateChain)`, or of a kind that TLS 1.3 has not")
        }
    }

    private func certificates(_ path: String) throws(Failure) -> [NIOSSLCertificate] {
        do {
            let found = try NIOSSLCertificate.fromPEMFile(path)
            guard !found.isEmpty else { throw Failure(description: "") }
            return found
        } catch {
            throw Failure(description: "`\(path)` holds no certificate in PEM that can be read")
        }
    }

    /// What tells that one of the files is another than it was.
    var state: [FileMark?] {
        [certificateChain, privateKey].map(FileMark.init) + (clientAuthorities.map { [FileMark($0)] } ?? [])
    }
}
