import CEL
import GovernanceModel
import JSON
import PolicyBundle

/// The parts of a request that a condition can turn on, and the values that are worth trying in each.
///
/// A condition that compares a part with constants comes to the same for all values between two of them: it is enough to try the constants, their
/// neighbours, one value that is none of them, and nothing.
struct ProbeValues {
    typealias Part = RequestPart
    typealias Value = RequestPart.Value

    /// What is known of the subject and the resource, by path: what conditions may compare with parts of the request.
    struct Known {
        var texts: [String: [String]] = [:]
        var numbers: [String: Int64] = [:]
        /// Prices of a million input and output tokens in 10⁻⁹ of the currency.
        var prices: [(input: Int64, output: Int64)] = []
    }

    private(set) var values: [Part: Set<Value>] = [:]
    private let known: Known
    private let declared: (Part) -> [String]
    private let now: Int64

    /// - Parameters:
    ///   - declared: the only texts that a part may hold; none where every text is allowed.
    ///   - now: nanoseconds since 1970.
    init(known: Known, now: Int64, declared: @escaping (Part) -> [String]) {
        self.known = known
        self.now = now
        self.declared = declared
    }

    /// Adds what the conditions of one policy or permission turn on.
    mutating func add(_ terms: ConditionTerms) {
        var texts = terms.words.strings
        var integers = terms.words.integers
        for path in terms.paths.keys {
            texts.formUnion(known.texts[path] ?? [])
            if let number = known.numbers[path] { integers.insert(number) }
        }
        let pool = Pool(texts: texts.sorted(), integers: integers.sorted(), doubles: terms.words.doubles.sorted(), names: terms.words.names)
        for (path, type) in terms.paths {
            switch path {
            case "now": add(.time, times(pool))
            case "estimate.cost": addTokens(costing: pool.doubles + pool.integers.map { Double($0) })
            case "estimate.inputTokens": add(.context("inputTokens"), numbers(pool))
            case "estimate.outputTokens": add(.context("maxOutputTokens"), numbers(pool))
            case "findings": add(.context("findings"), findings(pool))
            case "resource.region": add(.resourceProperty("region"), strings(pool, .resourceProperty("region")))
            case "resource.properties":
                for name in pool.texts + pool.names { add(.resourceProperty(name), anything(pool, .resourceProperty(name))) }
            case "subject.properties":
                for name in pool.texts + pool.names { add(.subjectProperty(name), anything(pool, .subjectProperty(name))) }
            case "action.properties":
                for name in pool.texts + pool.names { add(.actionProperty(name), anything(pool, .actionProperty(name))) }
            default:
                if let name = path.dropPrefix("context.") { add(.context(name), values(type, pool, .context(name))) }
                if let name = path.dropPrefix("resource.properties.") {
                    add(.resourceProperty(name), values(type, pool, .resourceProperty(name)))
                }
            }
        }
    }

    /// The constants of a condition, in order.
    private struct Pool {
        var texts: [String]
        var integers: [Int64]
        var doubles: [Double]
        var names: [String]

        init(texts: [String], integers: [Int64], doubles: [Double], names: Set<String>) {
            self.texts = texts
            self.integers = integers
            self.doubles = doubles
            self.names = names.filter { !Self.common.contains($0) }.sorted()
        }

        /// Words that are no name of a property.
        private static let common: Set<String> = [
            "subject", "resource", "action", "context", "properties", "attributes", "has", "in", "true", "false", "null", "type", "id",
            "email",
            "exists", "all", "filter", "map", "size", "startsWith", "endsWith", "contains", "matches", "variables", "now", "estimate",
            "cost",
        ]
    }

    private mutating func add(_ part: Part, _ new: [Value]) {
        values[part, default: [.absent]].formUnion(new)
    }

    // MARK: Values by type

    private func values(_ type: String, _ pool: Pool, _ part: Part) -> [Value] {
        switch type {
        case "string": strings(pool, part)
        case "bool": [.json(.bool(false)), .json(.bool(true))]
        case "int": numbers(pool)
        case "double": decimals(pool)
        case "timestamp": moments(pool).map { .json(.string(Self.text(seconds: $0))) }
        case "list(string)":
            [.json([]), .json([.string(Self.other)])] + (pool.texts.count > 1 ? [.json(JSONValue(pool.texts))] : [])
                + pool.texts.map { .json([.string($0)]) }
        case "map(string, string)": maps(pool)
        default: anything(pool, part)
        }
    }

    /// Equals nothing that anybody writes.
    private static let other = "~"

    private func strings(_ pool: Pool, _ part: Part) -> [Value] {
        let allowed = declared(part)
        if allowed.isEmpty { return (pool.texts + [Self.other]).map { .json(.string($0)) } }
        let named = allowed.filter { pool.texts.contains($0) }
        return (named + allowed.filter { !named.contains($0) }.prefix(1)).map { .json(.string($0)) }
    }

    private func numbers(_ pool: Pool) -> [Value] {
        var numbers: Set<Int64> = [0]
        for number in pool.integers + pool.doubles.compactMap({ Int64(exactly: $0.rounded(.down)) }) {
            numbers.formUnion([number, number &+ 1, number &- 1])
        }
        return numbers.filter { $0 >= 0 }.map { .json(.int($0)) }
    }

    private func decimals(_ pool: Pool) -> [Value] {
        var numbers: Set<Double> = [0]
        for number in pool.doubles + pool.integers.map({ Double($0) }) {
            numbers.formUnion([number, number - max(abs(number) / 1_000, 0.001), number + max(abs(number) / 1_000, 0.001)])
        }
        return numbers.map { .json(.double($0)) }
    }

    private func anything(_ pool: Pool, _ part: Part) -> [Value] { strings(pool, part) + [.json(.bool(true)), .json(.bool(false))] }

    private func maps(_ pool: Pool) -> [Value] {
        var values: [Value] = [.json([:])]
        for key in pool.texts.prefix(8) {
            for text in pool.texts.prefix(8) + [Self.other] { values.append(.json([key: .string(text)])) }
        }
        return values
    }

    private func findings(_ pool: Pool) -> [Value] {
        [.json([])]
            + pool.texts.map { text in .json([.object(JSONObject(pool.names.map { ($0, .string(text)) }))]) }
    }

    // MARK: Costs and times

    /// Requests that cost a little less, as much, and a little more: by their input, and by their output.
    private mutating func addTokens(costing costs: [Double]) {
        func tokens(_ price: Int64) -> [Int64] {
            if price <= 0 { return [] }
            return costs.flatMap { cost -> [Int64] in
                let tokens = (cost * 1e9 * 1e6 / Double(price)).rounded(.down)
                guard tokens >= 0, tokens < 1e15 else { return [] }
                return [Int64(tokens) - 1, Int64(tokens), Int64(tokens) + 1].filter { $0 >= 0 }
            }
        }
        add(.context("inputTokens"), Set([0] + known.prices.flatMap { tokens($0.input) }).map { .json(.int($0)) })
        add(.context("maxOutputTokens"), Set([0] + known.prices.flatMap { tokens($0.output) }).map { .json(.int($0)) })
    }

    /// Seconds since 1970 around the times that stand in a condition.
    private func moments(_ pool: Pool) -> [Int64] {
        pool.texts.compactMap { Timestamp.seconds($0) }.flatMap { [$0 - 1, $0, $0 + 1] }
    }

    private static func text(seconds: Int64) -> String {
        CELTimestamp(seconds: seconds).map { CELValue.timestamp($0).description } ?? ""
    }

    private static let hour: Int64 = 3_600_000_000_000

    /// Times of the request: around those that stand in a condition, and where it asks for the hour or the day, in every one that it may mean.
    private func times(_ pool: Pool) -> [Value] {
        var times = moments(pool).map { $0 * 1_000_000_000 } + [now]
        let day = now - now % (24 * Self.hour)
        let asksForHours = pool.names.contains { $0.hasPrefix("getHours") || $0.hasPrefix("getMinutes") }
        let days: [Int64] = pool.names.contains { $0.hasPrefix("getDay") } ? Array(0..<7) : [0]
        // Time zones move the hours, so that each is tried, a minute past.
        let hours: [Int64] = asksForHours ? Array(0..<24) : [now % (24 * Self.hour) / Self.hour]
        for later in days { times += hours.map { day + (later * 24 + $0) * Self.hour + 60_000_000_000 } }
        return times.map { .time($0) }
    }
}

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
