/// Which commits the organisation believes.
extension Organization {
    /// A key whose signatures on commits are accepted.
    public struct TrustedSigner: Sendable {
        /// Whose key it is.
        public var name: Located<String>
        /// An SSH public key, as in a `.pub` file.
        public var publicKey: Located<String>?
        /// The fingerprint of an OpenPGP primary key.
        public var openPGP: Located<String>?
        public var emails: [Located<String>]
        public var validFrom: Located<String>?
        public var expires: Located<String>?
    }

    public var trustedSigners: [TrustedSigner] {
        spec.list("trustedSigners").map {
            TrustedSigner(
                name: $0.requiredString("name"), publicKey: $0.string("publicKey"), openPGP: $0.string("openPGP"),
                emails: $0.strings("emails"), validFrom: $0.string("validFrom"), expires: $0.string("expires"))
        }
    }

    /// Whether each commit must be signed by a trusted signer.
    public var requiresSignatures: Bool { spec["reconcile"]?.string("signatures")?.value == "required" }

    /// Whether a branch may come to no longer hold the commit last applied.
    public var allowsRewinds: Bool { spec["reconcile"]?.string("rewinds")?.value == "allow" }

    /// Whether nobody may bring in what they have written themselves.
    public var requiresTwoPersons: Bool { spec["reconcile"]?.bool("twoPersons") ?? false }
}
