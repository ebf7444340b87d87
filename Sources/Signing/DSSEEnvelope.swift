import Digest
import JSON

/// A signed payload: a Dead Simple Signing Envelope (DSSE 1.0.2).
public struct DSSEEnvelope: Hashable, Sendable {
    public struct Signature: Hashable, Sendable {
        /// A hint, which nothing may rest on: it is not signed.
        public var keyID: String?
        public var bytes: [UInt8]
    }

    /// More signatures than this are refused: each costs a verification for each trusted key.
    static let signatureLimit = 32

    public let payloadType: String
    public let payload: [UInt8]
    public let signatures: [Signature]

    /// Signs `payload` with each of `keys`.
    public init(signing payload: [UInt8], type: String, with keys: [SigningKey]) throws(SigningError) {
        payloadType = type
        self.payload = payload
        let message = Self.preAuthenticationEncoding(type: type, body: payload)
        var signatures: [Signature] = []
        for key in keys { signatures.append(Signature(keyID: key.publicKey.id, bytes: try key.sign(message))) }
        self.signatures = signatures
    }

    /// Reads an envelope. Members that DSSE does not know are ignored, as it asks; nothing of the envelope is proved yet.
    public init(parsing text: [UInt8]) throws(SigningError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(text)
        } catch {
            // What is wrong is told by its place alone: text of a stranger's must not reach a terminal.
            throw SigningError(.malformed, "the envelope is not valid JSON, at byte \(error.offset)")
        }
        guard json.objectValue != nil else { throw SigningError(.malformed, "the envelope is not a JSON object") }
        guard let type = json["payloadType"]?.stringValue else { throw Self.missing("payloadType", "a string") }
        guard let payload = json["payload"]?.stringValue.flatMap(Base64.decode) else { throw Self.missing("payload", "base64") }
        guard let list = json["signatures"]?.arrayValue else { throw Self.missing("signatures", "an array") }
        guard list.count <= Self.signatureLimit else {
            throw SigningError(.malformed, "the envelope has more than \(Self.signatureLimit) signatures")
        }
        var signatures: [Signature] = []
        for (index, item) in list.enumerated() {
            guard let bytes = item["sig"]?.stringValue.flatMap(Base64.decode) else {
                throw Self.missing("signatures/\(index)/sig", "base64")
            }
            let keyID = item["keyid"] ?? .null
            guard keyID == .null || keyID.stringValue != nil else { throw Self.missing("signatures/\(index)/keyid", "a string") }
            signatures.append(Signature(keyID: keyID.stringValue.flatMap { $0.isEmpty ? nil : $0 }, bytes: bytes))
        }
        payloadType = type
        self.payload = payload
        self.signatures = signatures
    }

    /// The envelope as JSON text.
    public var text: [UInt8] {
        let signatures = signatures.map { signature in
            var object: JSONObject = [:]
            object["keyid"] = signature.keyID.map { .string($0) }
            object["sig"] = .string(Base64.encode(signature.bytes))
            return JSONValue.object(object)
        }
        return JSONWriter.bytes([
            "payloadType": .string(payloadType), "payload": .string(Base64.encode(payload)), "signatures": .array(signatures),
        ]) + Array("\n".utf8)
    }

    /// What is signed: `DSSEv1`, the type and the body, each after its length in bytes.
    public static func preAuthenticationEncoding(type: String, body: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8) + body
    }

    private static func missing(_ member: String, _ expected: String) -> SigningError {
        SigningError(.malformed, "`/\(member)` of the envelope is missing or not \(expected)")
    }
}
