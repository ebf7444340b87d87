import Digest
import JSON

/// A JSON Web Token taken apart (RFC 7519, in the compact form of RFC 7515). Nothing in it is believed yet.
struct TokenText {
    var algorithm: String
    var keyID: String
    var claims: JSONValue

    private static let longest = 16 << 10

    init(_ text: String) throws(TokenRefusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            parts[2].utf8.allSatisfy(Self.isDigit), !parts[2].isEmpty || header["alg"]?.stringValue == "none"
        else { throw .malformed }
        // What must be understood (RFC 7515 §4.1.11) is not.
        guard header["crit"] == nil, let algorithm = header["alg"]?.stringValue else { throw .malformed }
        self.algorithm = algorithm
        guard let keyID = header["kid"]?.stringValue, !keyID.isEmpty else { throw .unknownKey }
        self.keyID = keyID
        self.claims = claims
    }

    private static func object(_ part: Substring) -> JSONValue? {
        // Padding is left out in a token, and our decoder wants it.
        guard part.utf8.allSatisfy(isDigit),
            let bytes = Base64.decode(part + String(repeating: "=", count: (4 - part.utf8.count % 4) % 4)),
            let json = try? JSONParser.parse(bytes), json.objectValue != nil
        else { return nil }
        return json
    }

    /// Of Base64url, which has one spelling.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Checks what the token says of itself.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: who it is about, until when it holds, and its scopes.
    func check(_ policy: TokenPolicy, now: Int64) throws(TokenRefusal) -> (identity: String, endsAt: Int64, scopes: [String]) {
        guard claims["iss"]?.stringValue == policy.issuer else { throw .issuer }
        let audiences = claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard audiences.contains(where: policy.audiences.contains) else { throw .audience }
        let leeway = min(60, max(0, policy.leeway))
        // A token without an end is none that is taken.
        guard let expires = Self.seconds(claims["exp"]) else { throw .expired }
        guard now < expires + leeway else { throw .expired }
        if let notBefore = claims["nbf"] {
            guard let start = Self.seconds(notBefore), start - leeway <= now else { throw .notYet }
        }
        guard let identity = claims[policy.subjectClaim]?.stringValue, !identity.isEmpty else { throw .subject }
        let scopes = (claims["scope"]?.stringValue ?? "").split(separator: " ").map(String.init).filter { $0.hasPrefix("charter.") }
        return (identity, expires + leeway, scopes)
    }

    /// A NumericDate (RFC 7519 §2), fractions cut off; none that is out of bounds.
    private static func seconds(_ value: JSONValue?) -> Int64? {
        switch value {
        case .int(let seconds)?: (0..<1_000_000_000_000_000).contains(seconds) ? seconds : nil
        case .double(let seconds)? where seconds >= 0 && seconds < 1e15: Int64(seconds)
        case .decimal(let text)?: Double(text).flatMap { $0 >= 0 && $0 < 1e15 ? Int64($0) : nil }
        default: nil
        }
    }
}
