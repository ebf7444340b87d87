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
                                .required("name", .string(.text), "The parameter's name."),
                                .required(
                                    "type", .enumeration(["string", "int", "double", "bool", "stringList"]), "What the parameter holds."),
                                .optional("description", .string(.text), "What the parameter means."),
                                .optional("default", .any, "The value when none is given."),
                                .optional("values", .list(.any, minimum: 1), "The only values allowed."),
                            ]))), "What a policy gives."),
            .required("policy", .map(.any), "The body: a policy's `spec` in which `${name}` stands for a parameter."),
        ])

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
