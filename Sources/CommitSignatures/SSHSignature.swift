import Digest
import Signing

/// An SSH signature of a file or a commit (OpenSSH's PROTOCOL.sshsig, version 1).
public struct SSHSignature: Sendable {
    /// The key that claims to have signed. Whether it may is for the caller to say.
    public let key: SSHPublicKey
    /// What the signature was made for.
    public let namespace: String
    private let hash: HashAlgorithm
    /// What the key has signed is made of these and of the message.
    private let namespaceBytes: [UInt8]
    private let proof: Proof

    /// The signature itself, with what a security key adds to it.
    private struct Proof {
        var bytes: [UInt8]
        var hash: HashAlgorithm?
        var security: (flags: UInt8, counter: [UInt8])?
    }

    static let begin = "-----BEGIN SSH SIGNATURE-----"
    private static let end = "-----END SSH SIGNATURE-----"
    /// The most bytes of the armoured text. The longest real one, of RSA with 16,384 bits, has 6,000.
    private static let textLimit = 16 << 10

    /// Whether the text says that it is such a signature, sound or not.
    public static func isArmored(_ text: [UInt8]) -> Bool { text.starts(with: begin.utf8) }

    /// - Throws: `.malformed`, or `.unsupported` for what is sound and yet not accepted.
    public init(armored text: [UInt8]) throws(SignatureError) {
        var reader = WireReader(try Self.dearmor(text), "the SSH signature")
        guard try reader.bytes(6) == Array("SSHSIG".utf8) else {
            throw SignatureError(.malformed, "the SSH signature does not begin with `SSHSIG`")
        }
        let version = try reader.uint32()
        guard version == 1 else { throw SignatureError(.unsupported, "the SSH signature is of version \(version); version 1 is accepted") }
        key = try SSHPublicKey(blob: try reader.string())
        namespaceBytes = try reader.string()
        guard !namespaceBytes.isEmpty, namespaceBytes.count <= 256, namespaceBytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw SignatureError(.malformed, "the SSH signature has no readable namespace")
        }
        namespace = String(decoding: namespaceBytes, as: UTF8.self)
        guard try reader.string().isEmpty else {
            throw SignatureError(.unsupported, "the SSH signature uses a field that version 1 reserves")
        }
        let name = try reader.name()
        guard let hash = HashAlgorithm(rawValue: name), hash != .sha384 else {
            throw SignatureError(.unsupported, "the SSH signature hashes with `\(name)`; sha512 and sha256 are accepted")
        }
        self.hash = hash
        proof = try Self.proof(of: key, try reader.string())
        try reader.end()
    }

    /// Throws unless `key` has signed `message` for `purpose`.
    ///
    /// - Throws: `.foreignNamespace`, `.mismatch`, `.unavailable`.
    public func verify(_ message: [UInt8], for purpose: String) throws(SignatureError) {
        guard namespace == purpose else {
            throw SignatureError(
                .foreignNamespace, "the signature was made for `\(namespace)`, not for `\(purpose)`")
        }
        var signed = Array("SSHSIG".utf8) + Wire.string(namespaceBytes) + Wire.string([UInt8]()) + Wire.string(hash.rawValue.utf8)
        signed += Wire.string(try LibCrypto.digest(hash, message))
        if let (flags, counter) = proof.security {
            // OpenSSH's PROTOCOL.u2f: the key signs hashes and its own state.
            signed = try LibCrypto.digest(.sha256, key.application) + [flags] + counter + LibCrypto.digest(.sha256, signed)
        }
        guard try LibCrypto.verifies(proof.bytes, of: signed, key.material, hash: proof.hash) else {
            throw SignatureError(.mismatch, "the signature does not fit what it stands under: one of the two was changed")
        }
    }

    private static func dearmor(_ text: [UInt8]) throws(SignatureError) -> [UInt8] {
        guard text.count <= textLimit else { throw SignatureError(.malformed, "the SSH signature is longer than \(textLimit) bytes") }
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count >= 3, lines[0].elementsEqual(begin.utf8), lines[lines.count - 1].elementsEqual(end.utf8) else {
            throw SignatureError(.malformed, "the SSH signature does not begin and end with its lines")
        }
        guard let bytes = Base64.decode(String(decoding: lines.dropFirst().dropLast().joined(), as: UTF8.self)) else {
            throw SignatureError(.malformed, "the SSH signature is not base64")
        }
        return bytes
    }

    /// The inner signature (RFC 4253 §6.6, RFC 5656 §3.1.2, RFC 8332 §3, RFC 8709 §6).
    private static func proof(of key: SSHPublicKey, _ blob: [UInt8]) throws(SignatureError) -> Proof {
        var reader = WireReader(blob, "the SSH signature")
        let algorithm = try reader.name()
        func expect(_ name: String) throws(SignatureError) {
            guard algorithm == name else {
                throw SignatureError(.malformed, "a `\(key.type)` key cannot make a signature `\(algorithm)`")
            }
        }
        var proof: Proof
        switch key.material {
        case .ed25519:
            try expect(key.type)
            proof = Proof(bytes: try ed25519(&reader))
        case .securityEd25519:
            try expect(key.type)
            proof = Proof(bytes: try ed25519(&reader), security: try security(&reader))
        case .ecdsa(let curve, _):
            try expect(key.type)
            proof = Proof(bytes: try ecdsa(&reader), hash: curve.hash)
        case .securityECDSA:
            try expect(key.type)
            proof = Proof(bytes: try ecdsa(&reader), hash: .sha256, security: try security(&reader))
        case .rsa(_, let modulus):
            let hash: HashAlgorithm
            switch algorithm {
            case "rsa-sha2-256": hash = .sha256
            case "rsa-sha2-512": hash = .sha512
            case "ssh-rsa": throw SignatureError(.unsupported, "the RSA signature uses SHA-1; rsa-sha2-512 and rsa-sha2-256 are accepted")
            default: throw SignatureError(.malformed, "a `ssh-rsa` key cannot make a signature `\(algorithm)`")
            }
            let size = modulus.drop { $0 == 0 }.count
            let bytes = try reader.string()
            guard bytes.count <= size else { throw SignatureError(.malformed, "the RSA signature is longer than its key") }
            // Leading zeros may have been left out.
            proof = Proof(bytes: [UInt8](repeating: 0, count: size - bytes.count) + bytes, hash: hash)
        }
        try reader.end()
        return proof
    }

    private static func ed25519(_ reader: inout WireReader) throws(SignatureError) -> [UInt8] {
        let bytes = try reader.string()
        guard bytes.count == 64 else { throw SignatureError(.malformed, "the Ed25519 signature is not 64 bytes long") }
        return bytes
    }

    private static func ecdsa(_ reader: inout WireReader) throws(SignatureError) -> [UInt8] {
        var numbers = WireReader(try reader.string(), "the ECDSA signature")
        let r = try numbers.positiveInteger()
        let s = try numbers.positiveInteger()
        try numbers.end()
        return DER.sequence(DER.integer(r), DER.integer(s))
    }

    private static func security(_ reader: inout WireReader) throws(SignatureError) -> (UInt8, [UInt8]) {
        let flags = try reader.byte()
        guard flags & 1 == 1 else {
            throw SignatureError(.unsupported, "nobody touched the security key for this signature, which is asked for")
        }
        return (flags, try reader.bytes(4))
    }
}

extension SSHPublicKey {
    fileprivate var application: [UInt8] {
        switch material {
        case .securityEd25519(_, let application), .securityECDSA(_, let application): application
        default: []
        }
    }
}
