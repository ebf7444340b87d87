import Diagnostics
import JSON

/// Requests and the decisions that they must get.
public struct PolicyTest: Sendable {
    /// What a reason may be called, as decisions name it.
    public static let reasonCodes = [
        "unknown-subject", "subject-disabled", "unknown-resource", "unknown-action", "no-permission", "policy-denied", "approval-required",
        "condition-error", "policy-warning", "policy-record",
    ]

    /// The same for a case and for all rows of a table, where columns may say the rest.
    private static let expectations: [Field] = [
        .optional("code", .enumeration(reasonCodes), "A reason has this code, e.g. `no-permission`."),
        .optional("policies", .list(.reference(.policy)), "Policies that must be among the reasons."),
        .optional("reasons", .list(.string(.text)), "Exactly these reasons: `policy/rule`, or the code of one that no policy gives."),
        .optional("warnings", .list(.string(.text)), "Exactly these warnings, as `policy/rule`."),
        .optional("records", .list(.string(.text)), "Exactly these records of policies in monitor mode, as `policy/rule`."),
        .optional("exemptions", .list(.reference(.exemption)), "Exactly these exemptions removed a policy."),
        .optional("obligations", .any, "A list: these kinds are there. A mapping: these and no others, with these values."),
    ]

    private static let decision: FieldType = .enumeration(["allow", "deny"])

    public static let schema = ObjectSchema(
        "Requests and the decisions that they must get.", rule: .atLeastOne(["cases", "tables"]),
        [
            .optional("description", .string(.text), "What is tested."),
            .optional("now", .string(.timestamp), "The time at which the requests are decided."),
            .optional(
                "fixtures",
                .object(
                    ObjectSchema(
                        "Pieces of requests, by names of their own, that cases refer to.",
                        [
                            .optional("subjects", .map(.any), "Subjects: `type:id`, or `{type, id, properties}`."),
                            .optional("resources", .map(.any), "Resources: `type:id`, or `{type, id, properties}`."),
                            .optional("contexts", .map(.any), "Contexts: their members, or a list of contexts that are merged."),
                            .optional("requests", .map(.any), "Requests: `{subject, action, resource, context}`, none of which is needed."),
                        ])), "Pieces of requests that cases refer to by name."),
            .optional("defaults", .any, "What each request has that its case does not give: a request, or the name of one."),
            .optional(
                "cases",
                .list(
                    .object(
                        ObjectSchema(
                            "A request and what must become of it.",
                            [
                                .required("name", .string(.text), "What the case shows."),
                                .optional("now", .string(.timestamp), "The time at which this request is decided."),
                                .required(
                                    "request", .any,
                                    "The request: `{subject, action, resource, context}`, `from` the name of another, or that name."),
                                .required(
                                    "expect",
                                    .object(
                                        ObjectSchema(
                                            "The decision expected.",
                                            [.required("decision", decision, "Whether the request is allowed.")] + expectations)),
                                    "The decision expected."),
                            ])), minimum: 1), "The cases."),
            .optional(
                "tables",
                .list(
                    .object(
                        ObjectSchema(
                            "Cases that differ in a few things: a row for each.",
                            [
                                .required("name", .string(.text), "What the table shows; the names of its cases begin with it."),
                                .optional("now", .string(.timestamp), "The time at which its requests are decided."),
                                .optional("request", .any, "What the requests of all rows have."),
                                .optional(
                                    "expect",
                                    .object(
                                        ObjectSchema(
                                            "What is expected of all rows.",
                                            [.optional("decision", decision, "Whether the requests are allowed.")] + expectations)),
                                    "What is expected of all rows."),
                                .required(
                                    "columns", .list(.string(.text), minimum: 1),
                                    "What the cells of a row say: parts of the request such as `context.region`, and expectations."),
                                .required("rows", .list(.list(.any), minimum: 1), "A case each: a cell for each column."),
                            ])), minimum: 1), "Cases as tables."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// A request and what must become of it.
    public struct Case: Sendable {
        /// For a row of a table: the table's name, and what the row is about. Its place is the row's.
        public var name: Located<String>
        /// The time at which it is decided, in seconds since 1970, if it is given.
        public var now: Int64?
        public var request: JSONValue
        public var expected: Expectation
    }

    public struct Expectation: Sendable, Equatable {
        public var isAllowed = false
        public var code: String?
        /// Each of these is among the reasons.
        public var policies: [String] = []
        /// Exactly these, if any are given: `policy/rule`, or a code.
        public var reasons: [String]?
        public var warnings: [String]?
        public var records: [String]?
        public var exemptions: [String]?
        public var obligations: ExpectedObligations = .including([])
    }

    /// What obligations there must be.
    public enum ExpectedObligations: Sendable, Equatable {
        /// These kinds, whatever else there is.
        case including([String])
        /// These kinds and no other, in the order of the document; where a value is given, with this one:
        /// `redact` a list of detectors or an object of their modes, `limit` an object of limits, `requireApproval` a list of roles, `route` a
        /// model.
        case exactly([(kind: String, value: JSONValue?)])

        public static let kinds = ["redact", "limit", "requireApproval", "route"]

        public static func == (a: Self, b: Self) -> Bool {
            switch (a, b) {
            case (.including(let a), .including(let b)): a == b
            case (.exactly(let a), .exactly(let b)): a.elementsEqual(b) { $0 == $1 }
            default: false
            }
        }
    }

    /// A policy and a rule, or an exemption, that something expected names.
    public struct Mention: Sendable {
        public var policy: String?
        public var rule: String?
        public var exemption: String?
        public var span: SourceSpan
    }

    /// The time at which the requests are decided, in seconds since 1970, if it is given.
    public var now: Int64? { spec.string("now").flatMap { Timestamp.seconds($0.value) } }

    /// All cases, those of tables last.
    public var cases: [Case] { PolicyTestReader(spec).cases }
}
