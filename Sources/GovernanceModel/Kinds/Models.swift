/// A company or server that offers models.
public struct Provider: Sendable {
    public static let schema = ObjectSchema(
        "A company or server that offers models.",
        [
            .required(
                "type", .enumeration(["openai", "anthropic", "google", "azure-openai", "bedrock", "cohere", "openai-compatible"]),
                "The protocol that the provider speaks."),
            .optional("displayName", .string(.text), "The provider's name for people."),
            .optional("baseURL", .string(.url), "Where the provider is reached, if not at its usual address."),
            .optional("region", .string(.text), "The region in which the provider is used."),
            .optional(
                "credential",
                .object(
                    ObjectSchema(
                        "Where the credential comes from; never the credential itself.", rule: .exactlyOne(["env", "file", "secretRef"]),
                        [
                            .optional("env", .string(.text), "An environment variable of the gateway."),
                            .optional("file", .string(.text), "A file that the gateway reads."),
                            .optional("secretRef", .string(.text), "The name of a secret in the platform's secret store."),
                        ])), "Where the credential comes from."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public var type: String { spec.requiredString("type").value }
    public var region: String? { spec.string("region")?.value }
}

/// A model that can be asked for, named `provider/model`.
public struct Model: Sendable {
    static let price = ObjectSchema(
        "List prices from a day on, in the organisation's currency per million tokens.",
        [
            .required("effectiveFrom", .string(.timestamp), "The first day on which the prices hold."),
            .required("input", .decimal, "Input tokens."),
            .required("output", .decimal, "Output tokens."),
            .optional("cacheRead", .decimal, "Input tokens read from the provider's cache."),
            .optional("cacheWrite", .decimal, "Input tokens written to the provider's cache."),
            .optional("batchInput", .decimal, "Input tokens of batch requests."),
            .optional("batchOutput", .decimal, "Output tokens of batch requests."),
            .optional(
                "longContext",
                .object(
                    ObjectSchema(
                        "Prices of requests with a long input.",
                        [
                            .required("above", .integer(1...1_000_000_000), "Input tokens above which these prices hold."),
                            .required("input", .decimal, "Input tokens."),
                            .required("output", .decimal, "Output tokens."),
                        ])), "Prices of requests with a long input."),
        ])

    public static let schema = ObjectSchema(
        "A model that can be asked for, named `provider/model`.",
        [
            .required("provider", .reference(.provider), "Who offers the model."),
            .required("upstream", .string(.text), "The model's id at the provider."),
            .optional("displayName", .string(.text), "The model's name for people."),
            .optional("mode", .enumeration(modes), "What the model does; `chat` by default."),
            .optional("regions", .list(.string(.text)), "Regions in which requests are processed, e.g. `eu`, `us`."),
            .optional("contextWindow", .integer(1...1_000_000_000), "The most tokens of one request's input."),
            .optional("maxOutput", .integer(1...1_000_000_000), "The most tokens of one answer."),
            .optional("capabilities", .list(.string(.text)), "What the model can do, e.g. `vision`, `tools`."),
            .optional("tags", .list(.string(.text)), "Free words by which policies select models."),
            .optional("deprecation", .string(.timestamp), "The day on which the provider ends the model."),
            .optional("prices", .list(.object(price)), "Prices, each from a day on."),
        ])

    public static let modes = ["chat", "embedding"]

    /// What can be done with a model. A gateway may know further actions: a request with one of them is not refused for that.
    public static let actions = ["llm.chat", "llm.embed", "llm.complete", "llm.image", "llm.audio", "llm.batch", "llm.moderate"]

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    /// Prices in 10⁻⁹ of the currency per million tokens.
    public struct Price: Sendable {
        public var effectiveFrom: Located<String>
        public var input: Int64
        public var output: Int64
        public var longContextAbove: Int64?
        public var longContextInput: Int64
        public var longContextOutput: Int64
    }

    public var provider: Located<String> { spec.requiredString("provider") }
    public var upstream: String { spec.requiredString("upstream").value }
    public var mode: String { spec.string("mode")?.value ?? "chat" }
    public var regions: [String] { spec.strings("regions").map(\.value) }
    public var contextWindow: Int64? { spec.int("contextWindow")?.value }
    public var maxOutput: Int64? { spec.int("maxOutput")?.value }
    public var capabilities: [String] { spec.strings("capabilities").map(\.value) }
    public var tags: [String] { spec.strings("tags").map(\.value) }
    public var deprecation: Located<String>? { spec.string("deprecation") }
    public var prices: [Price] {
        spec.list("prices").map {
            let long = $0["longContext"]
            return Price(
                effectiveFrom: $0.requiredString("effectiveFrom"), input: $0.nanoUnits("input")?.value ?? 0,
                output: $0.nanoUnits("output")?.value ?? 0, longContextAbove: long?.int("above")?.value,
                longContextInput: long?.nanoUnits("input")?.value ?? 0, longContextOutput: long?.nanoUnits("output")?.value ?? 0)
        }
    }
}

/// A limit on spending.
public struct Budget: Sendable {
    public static let schema = ObjectSchema(
        "A limit on spending.",
        [
            .required(
                "scope",
                .object(
                    ObjectSchema(
                        "Whose spending is limited.",
                        rule: .exactlyOne(["organization", "team", "user", "serviceAccount", "model", "tag"]),
                        [
                            .optional("organization", .bool, "All spending."),
                            .optional("team", .reference(.team), "Spending of a team and the teams below it."),
                            .optional("user", .reference(.user), "Spending of a person."),
                            .optional("serviceAccount", .reference(.serviceAccount), "Spending of a machine."),
                            .optional("model", .reference(.model), "Spending on a model."),
                            .optional("tag", .string(.text), "Spending of requests with a tag, as `key=value`."),
                        ])), "Whose spending is limited."),
            .required(
                "period", .enumeration(["day", "week", "month", "quarter", "year"]), "After which period spending starts from zero."),
            .required("limit", .decimal, "The most that may be spent in a period, in the organisation's currency."),
            .optional("alertThresholds", .list(.integer(1...1000)), "Percentages of the limit at which an alert is sent."),
            .optional("onExceed", .enumeration(["deny", "warn", "downgrade"]), "What happens over the limit; `deny` by default."),
            .optional("downgradeTo", .reference(.model), "For `downgrade`: the model used instead."),
        ])

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public var onExceed: String { spec.string("onExceed")?.value ?? "deny" }
}
