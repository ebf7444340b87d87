import Foundation
import JSON
import Signing

/// Keys and bytes for tests.
enum TestKeys {
    /// The key of a seed, by way of PKCS#8 (RFC 8410 §7).
    static func key(seed: String) throws -> SigningKey {
        try SigningKey(pem: pem("PRIVATE KEY", bytes("302e020100300506032b657004220420" + seed)))
    }

    /// The key of a public key's 32 bytes, by way of SubjectPublicKeyInfo (RFC 8410 §4).
    static func publicKey(_ raw: String) throws -> VerificationKey {
        try VerificationKey(spki: bytes("302a300506032b6570032100" + raw))
    }

    /// A block of PEM (RFC 7468).
    static func pem(_ label: String, _ der: [UInt8]) -> [UInt8] {
        Array("-----BEGIN \(label)-----\n\(Data(der).base64EncodedString(options: .lineLength64Characters))\n-----END \(label)-----\n".utf8)
    }

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue).map { UInt8($0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func time(_ text: String) throws -> UTCTime {
        guard let time = UTCTime(text) else { throw SigningError(.malformed, text) }
        return time
    }
}

/// A folder of a test's own.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-signing-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

/// The kind and the message of the error that `body` throws; `nil` if it throws none.
func failure(_ body: () throws -> Void) -> SigningError? {
    do {
        try body()
        return nil
    } catch {
        return error as? SigningError
    }
}
