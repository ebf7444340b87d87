/// What a bundle must fulfil.
public struct BundleRules: Sendable {
    /// The file with the keys one of which must have signed it; without, no signature is asked for.
    public var trustedKeys: String?
    /// The organisation that it must be of; without, that of the first one that comes.
    public var organization: String?

    public init(trustedKeys: String? = nil, organization: String? = nil) {
        self.trustedKeys = trustedKeys
        self.organization = organization
    }
}
