/// A person.
public struct User: Sendable {
    public static let schema = ObjectSchema(
        "A person.",
        [
            .required("email", .string(.email), "The person's address."),
            .optional("displayName", .string(.text), "The person's name for people."),
            .optional("roles", .list(.reference(.role)), "Roles given to the person directly."),
            .optional("attributes", .map(.any), "Values of the attributes that the organisation declares."),
            .optional("disabled", .bool, "Whether every request of the person is denied."),
            .optional(
                "identities", .list(.string(.text)), "External subject ids, e.g. an OIDC `sub`, by which a request may name the person."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public var email: Located<String> { spec.requiredString("email") }
    public var roles: [Located<String>] { spec.strings("roles") }
    public var attributes: [(key: Located<String>, value: SpecNode)] { spec.map("attributes") }
    public var isDisabled: Bool { spec.bool("disabled") ?? false }
    public var identities: [Located<String>] { spec.strings("identities") }
}

/// A machine that acts as a subject.
public struct ServiceAccount: Sendable {
    public static let schema = ObjectSchema(
        "A machine that acts as a subject.",
        [
            .required("owner", .reference(.user), "Who answers for the machine."),
            .optional("displayName", .string(.text), "The machine's name for people."),
            .optional("roles", .list(.reference(.role)), "Roles given to the machine."),
            .optional("attributes", .map(.any), "Values of the attributes that the organisation declares."),
            .optional("disabled", .bool, "Whether every request of the machine is denied."),
            .optional("identities", .list(.string(.text)), "External subject ids by which a request may name the machine."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public var owner: Located<String> { spec.requiredString("owner") }
    public var roles: [Located<String>] { spec.strings("roles") }
    public var attributes: [(key: Located<String>, value: SpecNode)] { spec.map("attributes") }
    public var isDisabled: Bool { spec.bool("disabled") ?? false }
    public var identities: [Located<String>] { spec.strings("identities") }
}

/// People who work together; teams nest.
public struct Team: Sendable {
    public static let schema = ObjectSchema(
        "People who work together; teams nest.",
        [
            .optional("displayName", .string(.text), "The team's name for people."),
            .optional("parent", .reference(.team), "The team that this one is a part of."),
            .optional(
                "members",
                .list(
                    .object(
                        ObjectSchema(
                            "A person's place in the team.",
                            [
                                .required("user", .reference(.user), "The person."),
                                .optional("role", .enumeration(["member", "maintainer"]), "`member` by default."),
                            ]))), "Who is in the team."),
            .optional("roles", .list(.reference(.role)), "Roles given to every member of the team and of the teams below it."),
            .optional("costCentre", .string(.text), "Where the team's spending is booked."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public struct Member: Sendable {
        public var user: Located<String>
        public var role: String
    }

    public var parent: Located<String>? { spec.string("parent") }
    public var roles: [Located<String>] { spec.strings("roles") }

    /// The names of the members alone, in the order of the file.
    public func forEachMemberName(_ body: (String) -> Void) {
        spec["members"]?.forEachItem { if let name = $0["user"]?.text { body(name) } }
    }

    /// Whether there is anybody, not counting the teams below it.
    public var hasMembers: Bool { (spec["members"]?.itemCount ?? 0) > 0 }

    public var members: [Member] {
        spec.list("members").map { Member(user: $0.requiredString("user"), role: $0.string("role")?.value ?? "member") }
    }
}

/// A set of permissions.
public struct Role: Sendable {
    public static let schema = ObjectSchema(
        "A set of permissions.",
        [
            .optional("description", .string(.text), "What the role is for."),
            .optional("inherits", .list(.reference(.role)), "Roles whose permissions this one has too."),
            .optional(
                "permissions",
                .list(
                    .object(
                        ObjectSchema(
                            "Something that the role may do.",
                            [
                                .required(
                                    "actions", .list(.string(.glob(of: nil)), minimum: 1), "Actions, `*` standing for any characters."),
                                .required(
                                    "resources", .list(.string(.typedGlob), minimum: 1), "Resources as `type:glob`, e.g. `model:openai/*`."),
                                .optional("when", .string(.condition), "A condition that must be true for the permission to hold."),
                            ]))), "What the role may do."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public struct Permission: Sendable {
        public var actions: [Located<String>]
        public var resources: [Located<String>]
        public var when: Located<String>?
        public var node: SpecNode
    }

    public var inherits: [Located<String>] { spec.strings("inherits") }
    public var permissions: [Permission] {
        spec.list("permissions").map {
            Permission(actions: $0.strings("actions"), resources: $0.strings("resources"), when: $0.string("when"), node: $0)
        }
    }
}
