import CommitSignatures
import GovernanceModel

/// What the operator of a server trusts, named on its command line. It stands over what any commit says.
public struct OperatorTrust: Sendable {
    /// Replaces the organisation's signers.
    public var allowedSigners: AllowedSigners?
    /// The OpenPGP keys. Beside an allowed signers file all of them are trusted, otherwise those whose fingerprints the organisation names.
    public var keyring: OpenPGPKeyring?

    public init(allowedSigners: AllowedSigners?, keyring: OpenPGPKeyring?) {
        self.allowedSigners = allowedSigners
        self.keyring = keyring
    }

    /// Reads both files once; `nil` if none is named.
    public init?(allowedSignersFile: String?, keyringFile: String?) throws(ControlError) {
        if allowedSignersFile == nil, keyringFile == nil { return nil }
        do throws(SignatureError) {
            if let allowedSignersFile { allowedSigners = try AllowedSigners(path: allowedSignersFile) }
            if let keyringFile { keyring = try OpenPGPKeyring(path: keyringFile) }
        } catch {
            throw ControlError(.input, error.message)
        }
    }
}

/// Whose commits are believed, and which.
public struct TrustSettings: Sendable {
    public var requiresSignatures: Bool
    public var allowsRewinds: Bool
    public var requiresTwoPersons: Bool
    /// Where the OpenPGP keys are.
    var keyring: OpenPGPKeyring?
    /// Whether every key of the keyring is trusted.
    var trustsKeyring = false
    private var byKey: [SSHPublicKey: [TrustedSigner]] = [:]
    private var byFingerprint: [OpenPGPFingerprint: [TrustedSigner]] = [:]

    /// - Parameter organization: of the commit that is in force. One that failed its checks trusts fewer keys, never more.
    public init(_ organization: Organization, operator operatorTrust: OperatorTrust? = nil) {
        allowsRewinds = organization.allowsRewinds
        requiresTwoPersons = organization.requiresTwoPersons
        requiresSignatures = organization.requiresSignatures || operatorTrust != nil
        keyring = operatorTrust?.keyring
        let signers = TrustedSigner.all(of: organization)
        for signer in signers {
            if case .openPGP(let fingerprint) = signer.key { byFingerprint[fingerprint, default: []].append(signer) }
        }
        if let allowed = operatorTrust?.allowedSigners {
            trustsKeyring = true
            for signer in allowed.signers { byKey[signer.key, default: []].append(TrustedSigner(signer)) }
        } else {
            for signer in signers {
                if case .ssh(let key) = signer.key { byKey[key, default: []].append(signer) }
            }
        }
    }

    func signers(of key: SSHPublicKey) -> [TrustedSigner] { byKey[key] ?? [] }

    func signers(of fingerprint: OpenPGPFingerprint) -> [TrustedSigner] {
        let known = byFingerprint[fingerprint] ?? []
        guard trustsKeyring else { return known }
        // The operator's word stands over the organisation's, which only tells whose the key is.
        return [
            TrustedSigner(
                key: .openPGP(fingerprint), name: known.first?.name, addresses: known.first?.addresses ?? .exact([]), namespaces: nil,
                validFrom: nil, validUntil: nil)
        ]
    }

    /// Whether an OpenPGP signature can be good at all.
    var acceptsOpenPGP: Bool { trustsKeyring ? keyring != nil : !byFingerprint.isEmpty }
}

/// A key that may sign, and whose it is.
struct TrustedSigner: Sendable {
    enum Key: Hashable, Sendable {
        case ssh(SSHPublicKey)
        case openPGP(OpenPGPFingerprint)
    }

    /// The e-mail addresses of a person.
    enum Addresses: Sendable {
        /// In lower case.
        case exact(Set<String>)
        case patterns(PatternList)
    }

    var key: Key
    /// Who it is, if the organisation says so.
    var name: String?
    var addresses: Addresses
    /// What the key may sign; anything if `nil`.
    var namespaces: PatternList?
    /// The first second, since 1970, at which the key is valid.
    var validFrom: Int64?
    /// The last one.
    var validUntil: Int64?

    /// Those of the organisation whose keys can be read. All keys of one name have the addresses of each.
    static func all(of organization: Organization) -> [TrustedSigner] {
        let given = organization.trustedSigners
        var addresses: [String: Set<String>] = [:]
        for signer in given { addresses[signer.name.value, default: []].formUnion(signer.emails.map { $0.value.lowercased() }) }
        return given.compactMap { signer in
            let key: Key
            if let text = signer.publicKey?.value, let ssh = try? SSHPublicKey(text: text) {
                key = .ssh(ssh)
            } else if let text = signer.openPGP?.value, let fingerprint = OpenPGPFingerprint(text) {
                key = .openPGP(fingerprint)
            } else {
                return nil
            }
            let limits = [signer.validFrom, signer.expires].map { $0.flatMap { Timestamp.seconds($0.value) } }
            // A time that cannot be read limits all the same.
            if (signer.validFrom != nil && limits[0] == nil) || (signer.expires != nil && limits[1] == nil) { return nil }
            return TrustedSigner(
                key: key, name: signer.name.value, addresses: .exact(addresses[signer.name.value] ?? []), namespaces: nil,
                validFrom: limits[0], validUntil: limits[1].map { $0 - 1 })
        }
    }

    /// Whether it is known whose commits are this person's.
    var hasAddresses: Bool {
        switch addresses {
        case .exact(let texts): !texts.isEmpty
        case .patterns(let list): list.patterns.contains { $0.contains("@") || $0.contains("*") }
        }
    }

    func hasAddress(_ email: String) -> Bool {
        switch addresses {
        case .exact(let texts): texts.contains(email.lowercased())
        case .patterns(let list): list.matches(email)
        }
    }

    /// Whether both can be the same person.
    func isSamePerson(as other: TrustedSigner) -> Bool {
        if key == other.key || (name != nil && name == other.name) { return true }
        return other.texts.contains { hasAddress($0) } || texts.contains { other.hasAddress($0) }
    }

    private var texts: [String] {
        switch addresses {
        case .exact(let texts): Array(texts)
        case .patterns(let list): list.patterns
        }
    }

    /// For people: who it is.
    var title: String {
        if let name { return "`\(name)`" }
        switch (addresses, key) {
        case (.patterns(let list), _): return "`\(list)`"
        case (_, .openPGP(let fingerprint)): return "the OpenPGP key \(fingerprint)"
        case (_, .ssh(let key)): return "the key \(key)"
        }
    }
}

extension TrustedSigner {
    init(_ signer: AllowedSigner) {
        self.init(
            key: .ssh(signer.key), name: nil, addresses: .patterns(signer.principals), namespaces: signer.namespaces,
            validFrom: signer.validAfter, validUntil: signer.validBefore)
    }
}
