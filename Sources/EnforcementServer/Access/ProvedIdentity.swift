import HTTPService
import PolicyEngine

/// Who somebody has proved to be, before it is known whether the repository knows him.
struct ProvedIdentity: Sendable {
    enum Name: Sendable, Hashable {
        /// The subject of that type and name.
        case subject(type: String, name: String)
        /// The subject that has this among its `identities`.
        case external(String)
    }

    var name: Name
    var proof: Caller.Proof
    /// What it is limited to, of what the roles permit; nothing where empty.
    var scopes: [String] = []

    /// For logs.
    var text: String {
        switch name {
        case .subject(let type, let name): "\(type)/\(name)"
        case .external(let identity): identity
        }
    }

    /// - Returns: `nil` where the repository knows nobody by that name.
    func subject(in engine: PolicyEngine) -> PolicyEngine.NamedSubject? {
        switch name {
        case .subject(let type, let name): engine.subject(type: type, name: name)
        case .external(let identity): engine.subject(identity: identity)
        }
    }
}

extension ProvedIdentity {
    private static let scheme = "charter:"

    /// By a certificate: `charter:service-account/NAME` names a subject, a SPIFFE id is one of its identities, and so is the common name where there is no
    /// URI.
    ///
    /// `nil` where it names nobody, or several.
    init?(_ peer: PeerCertificate) {
        proof = .certificate
        let names: [Name] = peer.uris.compactMap { uri in
            if uri.hasPrefix("spiffe://") { return .external(uri) }
            guard uri.hasPrefix(Self.scheme) else { return nil }
            let parts = uri.dropFirst(Self.scheme.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            return .subject(type: String(parts[0]), name: String(parts[1]))
        }
        if peer.uris.isEmpty, let name = peer.commonName, !name.isEmpty {
            self.name = .external(name)
        } else if names.count == 1, let name = names.first {
            self.name = name
        } else {
            return nil
        }
    }
}
