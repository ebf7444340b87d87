/// How costly conditions may be.
extension Organization {
    static let conditionSizes = ObjectSchema(
        "What one condition may cost at worst, on requests of the sizes given here.",
        [
            .optional(
                "steps", .integer(1_000...1_000_000),
                "The most steps that evaluating a condition may take; 1,000,000 by default, after which it is given up in any case."),
            .optional(
                "textBytes", .integer(1...1_000_000), "The bytes of a text that a request or an attribute brings; 256 by default."),
            .optional(
                "elements", .integer(1...100_000),
                "The elements of a list or entries of a map that a request or an attribute brings; 100 by default."),
        ])

    /// The sizes that costs are estimated for, and the most that may come of it.
    public struct ConditionSizes: Sendable {
        public var steps: Int
        public var textBytes: Int
        public var elements: Int
    }

    public var conditionSizes: ConditionSizes {
        let given = spec["conditions"]
        func number(_ name: String, _ normally: Int) -> Int { given?.int(name).map { Int($0.value) } ?? normally }
        return ConditionSizes(steps: number("steps", 1_000_000), textBytes: number("textBytes", 256), elements: number("elements", 100))
    }
}
