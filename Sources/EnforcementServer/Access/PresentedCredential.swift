import CallerAccess
import HTTPService

/// What a request brings along to prove who has sent it. Not proved yet.
enum PresentedCredential {
    case none
    case key(String)
    case token(String)
    case certificate(PeerCertificate)
    /// An `Authorization` field that is none of those that are taken.
    case malformed
    /// More than one `Authorization` field.
    case ambiguous

    init(_ request: HTTPRequest) {
        var found: String?
        for (name, value) in request.headers where name.utf8.count == 13 && name.lowercased() == "authorization" {
            guard found == nil else {
                self = .ambiguous
                return
            }
            found = value
        }
        self.init(field: found, peer: request.peer)
    }

    /// - Parameter found: the value of the `Authorization` field, if there is one.
    init(field found: String?, peer: PeerCertificate?) {
        guard let found else {
            self = peer.map { .certificate($0) } ?? .none
            return
        }
        // RFC 6750 §2.1: the scheme whatever its case, one space or more, and one word.
        let scheme = found.prefix { $0 != " " }
        let word = found.dropFirst(scheme.count).drop { $0 == " " }
        guard scheme.lowercased() == "bearer", !word.isEmpty, word.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            self = .malformed
            return
        }
        let text = String(word)
        self = APIKey.isMeant(by: text) ? .key(text) : .token(text)
    }

    /// For metrics and logs.
    var method: String {
        switch self {
        case .none, .malformed, .ambiguous: "none"
        case .key: "key"
        case .token: "token"
        case .certificate: "certificate"
        }
    }
}
