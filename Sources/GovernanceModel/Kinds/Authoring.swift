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
