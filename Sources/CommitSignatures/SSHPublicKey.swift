import Digest
import Signing

/// A public key as SSH writes it (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH's PROTOCOL.u2f).
public struct SSHPublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The name of the key's type, as `ssh-ed25519`.
    public let type: String
    /// The key as the protocol sends it. Two keys are one if these bytes are equal.
    public let blob: [UInt8]
    let material: Material

    enum Material: Hashable, Sendable {
        case ed25519(point: [UInt8])
        case ecdsa(EllipticCurve, point: [UInt8])
        case rsa(exponent: [UInt8], modulus: [UInt8])
        /// Keys that live in a security key, which signs for an application.
        case securityEd25519(point: [UInt8], application: [UInt8])
        case securityECDSA(point: [UInt8], application: [UInt8])
    }

    /// The most bytes of a key: an RSA modulus of 16,384 bits and some.
    static let blobLimit = 4_096
    private static let modulusBits = 2_048...16_384

    /// - Throws: `.malformed`; `.unsupported` for certificates, DSA, and RSA keys that are too short.
    public init(blob: [UInt8]) throws(SignatureError) {
        guard blob.count <= Self.blobLimit else {
            throw SignatureError(.malformed, "the public key is longer than \(Self.blobLimit) bytes")
        }
        var reader = WireReader(blob, "the public key")
        type = try reader.name()
        switch type {
        case "ssh-ed25519":
            material = .ed25519(point: try Self.ed25519Point(&reader))
        case "sk-ssh-ed25519@openssh.com":
            material = .securityEd25519(point: try Self.ed25519Point(&reader), application: try reader.string())
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            material = .securityECDSA(point: try Self.curvePoint(.p256, &reader), application: try reader.string())
        case "ssh-rsa":
            material = try Self.rsa(&reader)
        default:
            guard let curve = EllipticCurve(keyType: type) else { throw Self.unsupported(type) }
            material = .ecdsa(curve, point: try Self.curvePoint(curve, &reader))
        }
        try reader.end()
        self.blob = blob
        // A key that libcrypto does not take is no key, and that is told where it is written, not when something is signed with it.
        if case .malformed(let reason) = LibCrypto.check(self) { throw SignatureError(.malformed, reason) }
    }

    /// - Parameter text: `TYPE BASE64`, and after that what is taken for a comment, as in a `.pub` file.
    public init(text: String) throws(SignatureError) {
        let words = text.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 2 else {
            throw SignatureError(.malformed, "a public key is written as in a `.pub` file: `ssh-ed25519 AAAA…`")
        }
        try self.init(type: String(words[0]), base64: String(words[1]))
    }

    init(type: String, base64: String) throws(SignatureError) {
        // First what the type says: to be told that certificates are not accepted is more use than a fault in one.
        if !Self.isAccepted(type) { throw Self.unsupported(type) }
        guard base64.utf8.count <= Self.blobLimit * 2, let blob = Base64.decode(base64) else {
            throw SignatureError(.malformed, "the `\(type)` key is not base64")
        }
        try self.init(blob: blob)
        guard self.type == type else {
            throw SignatureError(.malformed, "the key says that it is `\(self.type)`, not `\(type)`")
        }
    }

    /// `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it.
    public var fingerprint: String {
        "SHA256:" + Base64.encode(SHA256Digest(of: blob).bytes).prefix { $0 != "=" }
    }

    public var description: String { "\(type) \(fingerprint)" }

    public static func == (left: Self, right: Self) -> Bool { left.blob == right.blob }
    public func hash(into hasher: inout Hasher) { hasher.combine(blob) }

    static func isAccepted(_ type: String) -> Bool {
        ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"].contains(type)
            || EllipticCurve(keyType: type) != nil
    }

    private static func unsupported(_ type: String) -> SignatureError {
        if type.contains("-cert-v0") {
            return SignatureError(.unsupported, "`\(type)` is a certificate; certificates are not accepted, list the key itself")
        }
        let shown = type.utf8.count <= 64 && type.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? "`\(type)`" : "this"
        return SignatureError(
            .unsupported, "\(shown) is no type of key that is accepted; use ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa with 2048 bits")
    }

    private static func ed25519Point(_ reader: inout WireReader) throws(SignatureError) -> [UInt8] {
        let point = try reader.string()
        guard point.count == 32 else { throw SignatureError(.malformed, "the Ed25519 key is not 32 bytes long") }
        return point
    }

    private static func curvePoint(_ curve: EllipticCurve, _ reader: inout WireReader) throws(SignatureError) -> [UInt8] {
        guard try reader.name() == curve.rawValue else { throw SignatureError(.malformed, "the key is of another curve than its type") }
        let point = try reader.string()
        // SEC 1 §2.3.3, uncompressed.
        guard point.count == 1 + 2 * curve.coordinateSize, point.first == 4 else {
            throw SignatureError(.malformed, "the ECDSA key is no uncompressed point of \(curve.rawValue)")
        }
        return point
    }

    private static func rsa(_ reader: inout WireReader) throws(SignatureError) -> Material {
        let exponent = try reader.positiveInteger()
        let modulus = try reader.positiveInteger()
        let digits = modulus.drop { $0 == 0 }
        let bits = digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0)
        guard modulusBits.contains(bits) else {
            throw SignatureError(
                .unsupported,
                "the RSA key has \(bits) bits; from \(modulusBits.lowerBound) to \(modulusBits.upperBound) are accepted")
        }
        // An even exponent, or 1, makes no RSA key; a long one makes verifying slow.
        guard let last = exponent.last, last & 1 == 1, exponent != [1], exponent.count <= 8 else {
            throw SignatureError(.unsupported, "the RSA key has a public exponent that is not accepted; 65537 is the usual one")
        }
        return .rsa(exponent: exponent, modulus: modulus)
    }
}

/// The curves of RFC 5656 §10.1.
enum EllipticCurve: String, CaseIterable, Sendable {
    case p256 = "nistp256"
    case p384 = "nistp384"
    case p521 = "nistp521"

    init?(keyType: String) {
        guard keyType.hasPrefix("ecdsa-sha2-") else { return nil }
        self.init(rawValue: String(keyType.dropFirst("ecdsa-sha2-".count)))
    }

    var coordinateSize: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    var hash: HashAlgorithm {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        }
    }

    /// The content of the curve's object identifier.
    var identifier: [UInt8] {
        switch self {
        case .p256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]
        case .p384: [0x2b, 0x81, 0x04, 0x00, 0x22]
        case .p521: [0x2b, 0x81, 0x04, 0x00, 0x23]
        }
    }
}

enum HashAlgorithm: String, Sendable {
    case sha256, sha384, sha512
}
