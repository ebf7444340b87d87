/// The organisation whose repository this is; one document a repository.
public struct Organization: Sendable {
    public static let attributeTypes = ["string", "int", "double", "bool", "timestamp", "stringList"]

    static let attribute = ObjectSchema(
        "The type of an attribute.",
        [
            .required("type", .enumeration(attributeTypes), "What the attribute holds."),
            .optional("values", .list(.string(.text), minimum: 1), "For strings and lists of strings: the only values allowed."),
            .optional("description", .string(.text), "What the attribute means."),
        ])

    static let trustedSigner = ObjectSchema(
        "A key whose signatures are accepted.", rule: .exactlyOne(["publicKey", "openPGP"]),
        [
            .required("name", .string(.name), "Whose key it is; the keys of one name are one person's."),
            .optional("publicKey", .string(.text), "An SSH public key as in a `.pub` file: `ssh-ed25519 AAAA…`."),
            .optional("openPGP", .string(.text), "The fingerprint of an OpenPGP primary key; the operator's keyring holds the key itself."),
            .optional(
                "emails", .list(.string(.email), minimum: 1), "The addresses with which the owner writes commits; `twoPersons` needs them."),
            .optional("validFrom", .string(.timestamp), "When the key begins to be accepted."),
            .optional("expires", .string(.timestamp), "When the key stops being accepted."),
        ])

    public static let schema = ObjectSchema(
        "The organisation: one document a repository.",
        [
            .required("displayName", .string(.text), "The organisation's name for people."),
            .required("currency", .string(.currency), "ISO 4217 code of the currency of all prices and budgets."),
            .optional("timeZone", .string(.timeZone), "IANA time zone in which periods begin; `UTC` by default."),
            .optional("subjectAttributes", .map(.object(attribute)), "Typed attributes of users and service accounts."),
            .optional("contextAttributes", .map(.object(attribute)), "Typed members of a request's context beside the built-in ones."),
            .optional(
                "resourceTypes",
                .list(
                    .object(
                        ObjectSchema(
                            "A type of resource beside models.",
                            [
                                .required("name", .string(.name), "The type, as requests name it."),
                                .required("actions", .list(.string(.text), minimum: 1), "What can be done with such a resource."),
                                .optional("properties", .map(.object(attribute)), "Typed properties that come with a request."),
                                .optional("open", .bool, "Whether properties beyond the declared ones are allowed; `false` by default."),
                            ]))), "Types of resources beside the built-in `model`."),
            .optional("conditions", .object(conditionSizes), "How costly conditions may be."),
            .optional(
                "reconcile",
                .object(
                    ObjectSchema(
                        "How declared state is kept in the database.",
                        [
                            .optional("interval", .string(.period), "Time between two checks for drift; `5s` by default."),
                            .optional("drift", .enumeration(["correct", "report"]), "What is done about drift; `correct` by default."),
                            .optional(
                                "kinds",
                                .list(
                                    .object(
                                        ObjectSchema(
                                            "What is done about drift of one kind.",
                                            [
                                                .required("kind", .enumeration(Kind.allCases.map(\.rawValue)), "The kind."),
                                                .required("drift", .enumeration(["correct", "report"]), "What is done about its drift."),
                                            ]))), "Kinds whose drift is treated otherwise."),
                            .optional(
                                "fights",
                                .object(
                                    ObjectSchema(
                                        "When a field that is changed back again and again is left and told of, instead of corrected once more.",
                                        [
                                            .optional("corrections", .integer(2...1_000), "After so many corrections; 5 by default."),
                                            .optional("within", .string(.period), "Within this time; `1h` by default."),
                                        ])), "When drift is a fight."),
                            .optional(
                                "deletions",
                                .object(
                                    ObjectSchema(
                                        "How much one commit may take away: of the documents, and of the memberships and role grants.",
                                        [
                                            .optional(
                                                "share", .integer(0...100),
                                                "Percent of what the database holds; 20 by default. Ten may go in any case."),
                                            .optional("atMost", .integer(0...1_000_000), "However many there are; 1,000 by default."),
                                        ])), "How much one commit may take away without being approved."),
                            .optional(
                                "administrators", .reference(.role),
                                "The role that somebody must have: a commit that takes it from the last one is refused; `admin` by default."
                            ),
                            .optional(
                                "signatures", .enumeration(["none", "required"]),
                                "Whether each commit must be signed by one of `trustedSigners`; `none` by default."),
                            .optional(
                                "rewinds", .enumeration(["refuse", "allow"]),
                                "What is done about a branch that no longer holds the commit last applied; `refuse` by default."),
                            .optional(
                                "twoPersons", .bool,
                                "Whether nobody may bring in, by their signature, what they have written themselves; `false` by default."),
                        ])), "Settings of the reconciler."),
            .optional("trustedSigners", .list(.object(trustedSigner)), "Keys whose signatures on commits are accepted."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// A declared attribute.
    public struct Attribute: Sendable {
        public var name: Located<String>
        public var type: String
        public var values: [String]
    }

    public struct ResourceType: Sendable {
        public var name: Located<String>
        public var actions: [Located<String>]
        public var properties: [Attribute]
        public var isOpen: Bool
    }

    public enum DriftMode: String, Sendable { case correct, report }

    public var currency: String { spec.requiredString("currency").value }
    public var timeZone: String { spec.string("timeZone")?.value ?? "UTC" }
    public var subjectAttributes: [Attribute] { Self.attributes(spec, "subjectAttributes") }
    public var contextAttributes: [Attribute] { Self.attributes(spec, "contextAttributes") }

    public var resourceTypes: [ResourceType] {
        spec.list("resourceTypes").map {
            ResourceType(
                name: $0.requiredString("name"), actions: $0.strings("actions"), properties: Self.attributes($0, "properties"),
                isOpen: $0.bool("open") ?? false)
        }
    }

    /// Time between two checks for drift, in nanoseconds.
    public var reconcileInterval: Int64 {
        spec["reconcile"]?.string("interval").flatMap { Period.nanoseconds($0.value) } ?? 5_000_000_000
    }

    public var driftMode: DriftMode {
        spec["reconcile"]?.string("drift").flatMap { DriftMode(rawValue: $0.value) } ?? .correct
    }

    /// The kinds whose drift is treated otherwise; of two entries for one kind the last counts.
    public var driftModesOfKinds: [Kind: DriftMode] {
        let entries = spec["reconcile"]?.list("kinds") ?? []
        return entries.reduce(into: [:]) { modes, entry in
            guard let kind = Kind(rawValue: entry.requiredString("kind").value) else { return }
            modes[kind] = DriftMode(rawValue: entry.requiredString("drift").value)
        }
    }

    /// After how many corrections of one field, within how many nanoseconds, drift is a fight.
    public var driftFight: (corrections: Int, within: Int64) {
        let fights = spec["reconcile"]?["fights"]
        return (
            fights?.int("corrections").map { Int($0.value) } ?? 5,
            fights?.string("within").flatMap { Period.nanoseconds($0.value) } ?? 3_600_000_000_000
        )
    }

    /// The role that somebody must have.
    public var administratorRole: String { spec["reconcile"]?.string("administrators")?.value ?? "admin" }

    private static func attributes(_ node: SpecNode, _ name: String) -> [Attribute] {
        node.map(name).map { key, value in
            Attribute(name: key, type: value.requiredString("type").value, values: value.strings("values").map(\.value))
        }
    }
}
