/// What content to find.
public struct Detector: Sendable {
    public static let builtins = ["email", "phone", "credit-card", "iban", "us-ssn", "ip-address", "api-key", "private-key"]

    public static let schema = ObjectSchema(
        "What content to find.", rule: .atLeastOne(["patterns", "keywords", "builtins"]),
        [
            .optional("description", .string(.text), "What is found."),
            .optional("patterns", .list(.string(.pattern), minimum: 1), "Regular expressions in RE2's syntax."),
            .optional("keywords", .list(.string(.text), minimum: 1), "Words, found whatever their case."),
            .optional("builtins", .list(.enumeration(builtins), minimum: 1), "Detectors that come with Charter."),
            .optional("validators", .list(.enumeration(["luhn", "iban", "entropy"])), "Checks that a match must pass too."),
            .optional("severity", .enumeration(Policy.severities), "How grave a finding is."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }
}

/// A subject's temporary freedom from policies.
public struct Exemption: Sendable {
    public static let schema = ObjectSchema(
        "A subject's freedom from policies, until it expires.",
        [
            .required("subject", .string(.subject), "Who is exempt: `user:NAME`, `service-account:NAME`, `team:NAME` or `role:NAME`."),
            .required("policies", .list(.reference(.policy), minimum: 1), "The policies that do not hold."),
            .required("reason", .string(.text), "Why."),
            .required("approver", .reference(.user), "Who approved it."),
            .required("expires", .string(.timestamp), "When the exemption ends."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public var subject: Located<String> { spec.requiredString("subject") }
    public var policies: [Located<String>] { spec.strings("policies") }
    public var approver: Located<String> { spec.requiredString("approver") }
    public var expires: Located<String> { spec.requiredString("expires") }
}

/// A set of controls that auditors ask for.
public struct ComplianceFramework: Sendable {
    public static let schema = ObjectSchema(
        "A set of controls that auditors ask for.",
        [
            .required("displayName", .string(.text), "The framework's name for people."),
            .optional("version", .string(.text), "The edition."),
            .optional("url", .string(.url), "Where the framework is published."),
            .required(
                "controls",
                .list(
                    .object(
                        ObjectSchema(
                            "A control.",
                            [
                                .required("id", .string(.text), "The control's id in the framework."),
                                .required("title", .string(.text), "What the control asks for."),
                                .optional("policies", .list(.reference(.policy)), "Policies that implement the control."),
                                .optional("evidence", .list(.string(.text)), "What shows that the control works."),
                            ])), minimum: 1), "The controls."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public struct Control: Sendable {
        public var id: Located<String>
        public var policies: [Located<String>]
        /// Whether something other than a policy shows that it works.
        public var hasEvidence: Bool
    }

    public var controls: [Control] {
        spec.list("controls").map {
            Control(id: $0.requiredString("id"), policies: $0.strings("policies"), hasEvidence: !$0.texts("evidence").isEmpty)
        }
    }
}

/// Where alerts go.
public struct AlertRoute: Sendable {
    public static let schema = ObjectSchema(
        "Where alerts go.",
        [
            .optional("severities", .list(.enumeration(Policy.severities), minimum: 1), "Only alerts of these severities."),
            .optional(
                "sources", .list(.enumeration(["budget", "violation", "drift", "reconcile"]), minimum: 1), "Only alerts from these."),
            .optional("teams", .list(.reference(.team), minimum: 1), "Only alerts about these teams."),
            .required(
                "to",
                .list(
                    .object(
                        ObjectSchema(
                            "A receiver.", rule: .exactlyOne(["email", "webhook"]),
                            [
                                .optional("email", .string(.email), "An address."),
                                .optional("webhook", .string(.url), "An address that takes a POST."),
                                .optional(
                                    "secretEnv", .string(.text), "For a webhook: the environment variable that holds the signing key."),
                            ])), minimum: 1), "The receivers."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// An address that takes a POST, and the environment variable that holds the key for signing it.
    public struct Webhook: Sendable, Hashable {
        public var url: String
        public var secretVariable: String?
    }

    /// Whether an alert goes here.
    ///
    /// - Parameter source: one of the schema's.
    public func takes(source: String, severity: String) -> Bool {
        func admits(_ field: String, _ value: String) -> Bool {
            let values = spec.strings(field)
            return values.isEmpty || values.contains { $0.value == value }
        }
        // An alert of the reconciler's is about no team.
        return admits("sources", source) && admits("severities", severity) && spec.strings("teams").isEmpty
    }

    public var webhooks: [Webhook] {
        spec.list("to").compactMap { receiver in
            receiver.string("webhook").map { Webhook(url: $0.value, secretVariable: receiver.string("secretEnv")?.value) }
        }
    }
}

/// How long what is kept.
public struct RetentionPolicy: Sendable {
    public static let schema = ObjectSchema(
        "How long what is kept.",
        [
            .required("data", .enumeration(["decisions", "violations", "audit", "usage"]), "What is kept."),
            .required("keep", .string(.period), "For how long, e.g. `400d`."),
            .optional("reason", .string(.text), "Why that long."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// What is kept: `decisions`, `violations`, `audit` or `usage`.
    public var data: String { spec.requiredString("data").value }
    /// For how long, in nanoseconds; `nil` for a text that is no time, which is refused before.
    public var keep: Int64? { Period.nanoseconds(spec.requiredString("keep").value) }
}
