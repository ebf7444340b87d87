/// A condition made at random, as plain values: text for the compiler, and data for `NaiveEvaluator`.
indirect enum RandomCondition: Equatable {
    case literal(Bool)
    /// Always an error.
    case errs
    /// A text, by its path, against a constant; the constant first if it is turned.
    case equal(String, String, isTurned: Bool)
    case oneOf(String, [String])
    case begins(String, String)
    case has(String)
    /// An integer, by its path, above a constant.
    case above(String, Int64)
    /// A list of texts, by its path, that holds a constant.
    case holds(String, String)
    /// The request's time before seconds since 1970; one of `RandomWorld.times`.
    case before(Int64)
    /// The estimated cost above so many thousandths of the currency.
    case costs(above: Int64)
    /// A variable that is itself a condition.
    case variable(String)
    case not(RandomCondition)
    case and(RandomCondition, RandomCondition)
    case or(RandomCondition, RandomCondition)

    /// Texts that requests hold and conditions compare with: some differ only in their normal form.
    static let values = ["a", "b", "c", "é", "e\u{301}", "", "a text of more than sixteen bytes"]

    /// Paths of texts and the values that make sense for them.
    static let texts: [(path: String, values: [String])] = [
        ("context.purpose", values), ("context.purpose", values), ("context.environment", values), ("context.region", values),
        ("context.stage", ["draft", "final", "other"]), ("resource.region", values), ("resource.properties.kind", values),
        ("resource.provider", ["p0", "p1"]), ("resource.type", ["model", "tool"]), ("resource.id", ["p0/m0", "x", "p1/m1"]),
        ("subject.id", ["u0", "u1", "s0"]), ("subject.type", ["user", "service-account"]), ("action.name", ["llm.chat", "other", "read"]),
        ("subject.attributes.clearance", values),
    ]
    /// Of those, the ones that a request may leave out, and that many policies are looked up by.
    private static let keys = ["context.purpose", "context.environment", "resource.region", "context.region"]
    private static let integers = ["context.inputTokens", "context.maxOutputTokens", "subject.attributes.level", "resource.maxOutput"]
    private static let lists: [(path: String, values: [String])] = [
        ("subject.teams", ["t0", "t1", "t2"]), ("subject.roles", ["r0", "r1", "r3"]), ("resource.tags", ["fast", "eu-only"]),
    ]

    /// Names of a policy's variables.
    struct Variables {
        var conditions: [String] = []
        var texts: [String] = []
    }

    static func make(_ random: inout Noise, depth: Int = 0, _ variables: Variables = Variables()) -> RandomCondition {
        func operand(_ random: inout Noise) -> RandomCondition { make(&random, depth: depth + 1, variables) }
        switch random.below(depth > 2 ? 14 : 20) {
        case 0: return .literal(random.isOnce(in: 2))
        case 1: return .errs
        case 2, 3, 4, 5: return equality(&random, variables)
        case 6:
            let (path, values) = random.one(texts)
            return .begins(path, random.one(values + ["a text", "p"]))
        case 7: return .has(random.one(keys + ["context.stage", "subject.attributes.clearance", "resource.properties.kind"]))
        case 8: return .above(random.one(integers), Int64(random.below(5)))
        case 9, 10:
            let (path, values) = random.one(lists)
            return .holds(path, random.one(values))
        case 11: return .before(random.one(RandomWorld.times))
        case 12: return .costs(above: Int64(random.below(40)))
        case 13:
            if !variables.conditions.isEmpty { return .variable(random.one(variables.conditions)) }
            return equality(&random, variables)
        case 14, 15, 16: return .and(operand(&random), operand(&random))
        case 17, 18: return .or(operand(&random), operand(&random))
        default: return .not(operand(&random))
        }
    }

    private static func equality(_ random: inout Noise, _ variables: Variables) -> RandomCondition {
        var (path, values) = random.one(texts)
        if !variables.texts.isEmpty, random.isOnce(in: 3) { (path, values) = (random.one(variables.texts), Self.values) }
        if random.isOnce(in: 3) { return .oneOf(path, [random.one(values), random.one(values), random.one(values)]) }
        return .equal(path, random.one(values), isTurned: random.isOnce(in: 2))
    }

    /// One that needs a value which the request may give, alone or among what `&&` joins.
    static func key(_ random: inout Noise, _ variables: Variables = Variables()) -> RandomCondition {
        let path = random.one(keys)
        let key: RandomCondition =
            random.isOnce(in: 3)
            ? .oneOf(path, [random.one(values), random.one(values)]) : .equal(path, random.one(values), isTurned: random.isOnce(in: 2))
        switch random.below(4) {
        case 0: return .and(key, make(&random, depth: 2, variables))
        case 1: return .and(make(&random, depth: 2, variables), key)
        default: return key
        }
    }

    /// As CEL. There is no apostrophe in it.
    var text: String {
        func quoted(_ text: String) -> String { "\"" + text + "\"" }
        return switch self {
        case .literal(let flag): "\(flag)"
        case .errs: "1 / 0 == context.inputTokens"
        case .equal(let path, let value, let isTurned): isTurned ? "\(quoted(value)) == \(path)" : "\(path) == \(quoted(value))"
        case .oneOf(let path, let values): "\(path) in [\(values.map(quoted).joined(separator: ", "))]"
        case .begins(let path, let value): "\(path).startsWith(\(quoted(value)))"
        case .has(let path): "has(\(path))"
        case .above(let path, let number): "\(path) > \(number)"
        case .holds(let path, let value): "\(quoted(value)) in \(path)"
        case .before(let seconds): "now < timestamp(\(quoted(RandomWorld.day(seconds))))"
        case .costs(let thousandths): "estimate.cost > \(thousandths).0 / 1000.0"
        case .variable(let name): name
        case .not(let operand): "!(\(operand.text))"
        case .and(let left, let right): "(\(left.text)) && (\(right.text))"
        case .or(let left, let right): "(\(left.text)) || (\(right.text))"
        }
    }
}
