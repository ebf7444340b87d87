import JSON

/// A policy with parameters.
public struct PolicyTemplate: Sendable {
    public static let schema = ObjectSchema(
        "A policy with parameters.",
        [
            .optional("description", .string(.text), "What the template is for."),
            .optional(
                "parameters",
                .list(
                    .object(
                        ObjectSchema(
                            "A parameter.",
                            [
                                .required("name", .string(.text), "The parameter's name: letters, digits and `_`."),
                                .required("type", .enumeration(ParameterType.allCases.map(\.rawValue)), "What the parameter holds."),
                                .optional("description", .string(.text), "What the parameter means."),
                                .optional("default", .any, "The value when none is given; without it one must be given."),
                                .optional("values", .list(.any, minimum: 1), "The only values allowed; of a list, the only items."),
                                .optional("minimum", .any, "The least value allowed, of the parameter's type."),
                                .optional("maximum", .any, "The greatest value allowed, of the parameter's type."),
                                .optional("pattern", .string(.pattern), "What texts, or a list's items, must match as a whole."),
                                .optional("minItems", .integer(0...1_000_000), "The fewest items of a list."),
                                .optional("maxItems", .integer(0...1_000_000), "The most items of a list."),
                                .optional(
                                    "references", .enumeration(referable.map(\.rawValue)),
                                    "The kind of the documents that the text, or each item of the list, must name."),
                            ]))), "What a policy gives."),
            .required("policy", .map(.any), "The body: a policy's `spec` in which `${name}` stands for a parameter."),
        ])

    /// The kinds whose documents parameters may name.
    private static let referable: [Kind] = [.user, .serviceAccount, .team, .role, .provider, .model, .detector]

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }
}

/// Requests and the decisions that they must get.
public struct PolicyTest: Sendable {
    public static let schema = ObjectSchema(
        "Requests and the decisions that they must get.",
        [
            .optional("description", .string(.text), "What is tested."),
            .optional("now", .string(.timestamp), "The time at which the requests are decided."),
            .required(
                "cases",
                .list(
                    .object(
                        ObjectSchema(
                            "A request and what must become of it.",
                            [
                                .required("name", .string(.text), "What the case shows."),
                                .required("request", .map(.any), "The request."),
                                .required(
                                    "expect",
                                    .object(
                                        ObjectSchema(
                                            "The decision expected.",
                                            [
                                                .required("decision", .enumeration(["allow", "deny"]), "Whether the request is allowed."),
                                                .optional(
                                                    "policies", .list(.reference(.policy)), "Policies that must be among the reasons."),
                                                .optional(
                                                    "code", .string(.text), "A reason code that must be there, e.g. `no-permission`."),
                                                .optional("obligations", .list(.string(.text)), "Kinds of obligations that must be there."),
                                            ])), "The decision expected."),
                            ])), minimum: 1), "The cases."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// A request and what must become of it.
    public struct Case: Sendable {
        public var name: Located<String>
        public var request: JSONValue
        public var expected: Expectation
    }

    public struct Expectation: Sendable {
        public var isAllowed: Bool
        public var policies: [String]
        public var code: String?
        public var obligations: [String]
    }

    /// The time at which the requests are decided, in seconds since 1970, if it is given.
    public var now: Int64? { spec.string("now").flatMap { Timestamp.seconds($0.value) } }

    public var cases: [Case] {
        spec.list("cases").map { node in
            let expect = node["expect"]
            return Case(
                name: node.requiredString("name"), request: node["request"]?.json ?? .null,
                expected: Expectation(
                    isAllowed: expect?["decision"]?.text == "allow", policies: expect?.texts("policies") ?? [], code: expect?["code"]?.text,
                    obligations: expect?.texts("obligations") ?? []))
        }
    }
}

/// Something that must hold for every possible request.
public struct Invariant: Sendable {
    public static let schema = ObjectSchema(
        "Something that must hold for every possible request.",
        [
            .required("description", .string(.text), "What must hold, in words."),
            .required(
                "never",
                .object(
                    ObjectSchema(
                        "What must never be allowed: all given dimensions together.",
                        [
                            .optional("subjects", .list(.string(.typedGlob), minimum: 1), "Subjects."),
                            .optional("roles", .list(.string(.glob(of: .role)), minimum: 1), "Roles of the subject."),
                            .optional("teams", .list(.string(.glob(of: .team)), minimum: 1), "Teams of the subject."),
                            .optional("actions", .list(.string(.glob(of: nil)), minimum: 1), "Actions."),
                            .optional("resources", .list(.string(.typedGlob), minimum: 1), "Resources."),
                            .optional("when", .string(.condition), "A condition on the request."),
                        ])), "What must never be allowed."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }
}
