import Foundation
import JSON
import JWTKit

/// The public keys of an issuer, by their ids (RFC 7517).
struct TrustedTokenKeys: Sendable {
    struct Key: Sendable {
        /// By algorithm that this key is for: a collection settles on the first algorithm that it is used with.
        var verifiers: [String: JWTKeyCollection]
        /// Tells it from another of the same id.
        var print: Int
    }

    private(set) var keys: [String: Key] = [:]

    /// - Parameter json: a JWK set. Keys that are not for signatures, or of kinds that are not taken, are left out, symmetric ones above all.
    init(_ json: [UInt8]) async throws(AccessError) {
        guard let set = try? JSONParser.parse(json), let entries = set["keys"]?.arrayValue else {
            throw AccessError("it is no JSON Web Key set: an object with `keys` is expected")
        }
        for entry in entries {
            guard let id = entry["kid"]?.stringValue, !id.isEmpty, entry["use"]?.stringValue ?? "sig" == "sig",
                let algorithms = Self.algorithms(entry), let key = await Self.key(entry, algorithms)
            else { continue }
            // Of two keys with one id neither can be chosen.
            guard keys[id] == nil else { throw AccessError("two keys have the id `\(id.prefix(100))`") }
            keys[id] = key
        }
        guard !keys.isEmpty else {
            throw AccessError("there is no key in it that can verify a token; each needs `kid`, and to be of type RSA, EC or OKP")
        }
    }

    private static func algorithms(_ entry: JSONValue) -> Set<String>? {
        let possible: Set<String> =
            switch (entry["kty"]?.stringValue, entry["crv"]?.stringValue) {
            case ("RSA", _): ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
            case ("EC", "P-256"): ["ES256"]
            case ("EC", "P-384"): ["ES384"]
            case ("EC", "P-521"): ["ES512"]
            case ("OKP", "Ed25519"): ["EdDSA"]
            default: []
            }
        guard let algorithm = entry["alg"]?.stringValue else { return possible.isEmpty ? nil : possible }
        return possible.contains(algorithm) ? [algorithm] : nil
    }

    private static func key(_ entry: JSONValue, _ algorithms: Set<String>) async -> Key? {
        guard var object = entry.objectValue else { return nil }
        // What is private is not ours to have, and is not kept.
        for secret in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] { object[secret] = nil }
        var verifiers: [String: JWTKeyCollection] = [:]
        for algorithm in algorithms {
            object["alg"] = .string(algorithm)
            guard let key = try? JSONDecoder().decode(JWK.self, from: Data(JSONWriter.bytes(.object(object)))) else { return nil }
            let collection = JWTKeyCollection()
            guard (try? await collection.add(jwk: key)) != nil else { return nil }
            verifiers[algorithm] = collection
        }
        return Key(verifiers: verifiers, print: entry.hashValue)
    }
}

/// A token's claims for JWTKit, which has to verify the signature and nothing else: they are read and checked by `TokenText`.
struct UnreadClaims: JWTPayload {
    func verify(using algorithm: some JWTAlgorithm) {}
}
