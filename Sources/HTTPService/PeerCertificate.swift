import NIOSSL
import X509

/// Who a client is by the certificate that it has shown, which one of the server's client authorities has signed.
public struct PeerCertificate: Sendable, Hashable {
    /// The URIs among its alternative names.
    public var uris: [String]
    /// The subject's common name, if it has exactly one.
    public var commonName: String?
    /// From when on it holds no more, in seconds since 1970: a connection may outlive it.
    public var expiresAt: Int64

    public init(uris: [String], commonName: String?, expiresAt: Int64) {
        self.uris = uris
        self.commonName = commonName
        self.expiresAt = expiresAt
    }

    /// `nil` for a certificate that cannot be read.
    ///
    /// - Parameter certificate: one that was verified.
    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes(), let parsed = try? Certificate(derEncoded: bytes) else { return nil }
        var uris: [String] = []
        // Names that cannot be read are no reason to take the common name for them.
        do {
            for name in try parsed.extensions.subjectAlternativeNames ?? SubjectAlternativeNames([]) {
                if case .uniformResourceIdentifier(let uri) = name { uris.append(uri) }
            }
        } catch {
            return nil
        }
        let names = parsed.subject.flatMap { Array($0) }.filter { $0.type == .RDNAttributeType.commonName }.compactMap { String($0.value) }
        self.init(uris: uris, commonName: names.count == 1 ? names.first : nil, expiresAt: Int64(certificate.notValidAfter))
    }
}
