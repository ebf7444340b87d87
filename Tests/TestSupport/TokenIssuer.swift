import Foundation
import JSON
import JWTKit

/// Makes tokens, as an identity provider does.
package struct TokenIssuer {
    private struct Claims: JWTPayload {
        var json: [String: JSONClaim]

        init(_ json: [String: JSONClaim]) { self.json = json }
        init(from decoder: any Decoder) throws { json = try decoder.singleValueContainer().decode([String: JSONClaim].self) }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(json)
        }
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    package enum JSONClaim: Codable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
        case text(String)
        case number(Int)
        case list([String])

        package init(stringLiteral value: String) { self = .text(value) }
        package init(integerLiteral value: Int) { self = .number(value) }
        package init(arrayLiteral elements: String...) { self = .list(elements) }
        package init(from decoder: any Decoder) throws { self = .text(try decoder.singleValueContainer().decode(String.self)) }
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .list(let list): try container.encode(list)
            }
        }
    }

    package let key = ES256PrivateKey()
    package let keyID: String

    package init(_ keyID: String) { self.keyID = keyID }

    /// The public key, as a key set has it.
    package var jwk: JSONValue {
        get throws {
            guard let parameters = key.parameters else { throw Failure("an elliptic key without coordinates") }
            func url(_ text: String) -> String {
                text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            }
            return [
                "kty": "EC", "crv": "P-256", "use": "sig", "kid": .string(keyID), "x": .string(url(parameters.x)),
                "y": .string(url(parameters.y)),
            ]
        }
    }

    package func sign(_ claims: [String: JSONClaim], header: JWTHeader = JWTHeader()) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key, kid: JWKIdentifier(string: keyID))
        return try await keys.sign(Claims(claims), kid: JWKIdentifier(string: keyID), header: header)
    }

    package static func set(_ issuers: TokenIssuer...) throws -> [UInt8] {
        JSONWriter.bytes(["keys": .array(try issuers.map { try $0.jwk })])
    }
}
