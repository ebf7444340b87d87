import CEL

/// An expression, and the inputs on which it is measured.
struct BenchmarkCase {
    var name: String
    var source: String
    var environment: CELEnvironment
    var slots: [CELValue?]
    /// Rough nanoseconds of one evaluation, which say how many make a batch.
    var scale: Int

    static let all: [BenchmarkCase] = {
        let role = CELValue.string("engineer")
        let scalars = CELEnvironment(variables: [
            .init("a", .int), .init("b", .int), .init("role", .string), .init("region", .string), .init("time", .timestamp),
            .init("now", .timestamp), .init("items", .list(.map(.string, .int))), .init("request", .map(.string, .dyn)),
        ])
        let items = (0..<100).map { CELValue.map(CELMap([("id", .int($0)), ("cost", .int($0 % 10)), ("size", .int(7))])) }
        let deep = CELMap([("auth", .map(CELMap([("claims", .map(CELMap([("email", .string("ada@example.org"))])))])))])
        let moment = CELTimestamp(nanosecondsSince1970: 1_700_000_000_000_000_000)
        let slots: [CELValue?] = [
            .int(150), .int(40), role, .string("us"), .timestamp(moment), .timestamp(moment), .list(items), .map(deep),
        ]
        func list(_ count: Int) -> String { "[" + (0..<count).map { "\"member-\($0)\"" }.joined(separator: ", ") + "]" }
        func make(_ name: String, _ source: String, scale: Int = 20) -> BenchmarkCase {
            BenchmarkCase(name: name, source: source, environment: scalars, slots: slots, scale: scale)
        }
        var member = make("in_1000", "role in \(list(1_000))")
        member.slots[2] = .string("member-777")
        var policy = make("policy", "a > 8000 && !(role in [\"admin\", \"lead\"]) || region != \"eu\"")
        policy.slots[0] = .int(9_000)
        policy.slots[2] = .string("lead")
        policy.slots[3] = .string("eu")
        return [
            make("compare", "a > 100 && b < 50"), make("in_10", "role in \(list(10))"), member,
            make("exists_100", "items.exists(x, x.cost > 10)", scale: 1_500), make("starts_with", "region.startsWith(\"us\")"),
            make("matches", "role.matches(\"^eng[a-z]+$\")", scale: 200), make("map_3", "request.auth.claims.email == \"ada@example.org\""),
            make("timestamp", "now - time < duration(\"1h\") && time + duration(\"5m\") > now", scale: 50), policy,
            // What only the general machine can do, for scale.
            make("general", "[a, b].map(x, x + 1)[0] > 100", scale: 2_000),
        ]
    }()
}
