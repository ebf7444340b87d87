import DecisionReplay
import Foundation
import JSON
import PolicyEngine
import Testing

/// A replay finds what deciding each request twice and comparing finds, on organisations, changes and requests made at random.
@Suite struct ReplayDifferentialTests {
    private static let count = 1500

    /// The world as a change makes it: a few edits, or another one altogether.
    private static func changed(_ world: RandomWorld, _ random: inout Noise, _ size: RandomWorld.Size) -> RandomWorld {
        if random.isOnce(in: 4) { return RandomWorld(&random, size) }
        var world = world
        for _ in 0...random.below(3) {
            switch random.below(7) {
            case 0:
                world.policies.insert(
                    .init(
                        name: "extra-\(random.below(99))", enforcement: random.one(["strict", "warning", "monitor"]),
                        match: RandomWorld.match(&random, most: 2), rules: [.init(name: "extra", effect: .deny)]), at: 0)
            case 1: if world.policies.count > 1 { world.policies.remove(at: random.below(world.policies.count)) }
            case 2: world.policies[random.below(world.policies.count)].enforcement = random.one(["strict", "warning", "monitor"])
            case 3: world.subjects[random.below(world.subjects.count)].isDisabled.toggle()
            case 4:
                let role = random.below(world.roles.count)
                world.roles[role].permissions.remove(at: random.below(world.roles[role].permissions.count))
            case 5:
                world.exemptions.append(
                    .init(
                        name: "free-\(world.exemptions.count)", subject: random.one(["user:u0", "team:t0", "role:r0"]),
                        policies: [world.policies[0].name], expires: RandomWorld.times[2] + 1))
                world.exemptions = world.exemptions.filter { one in
                    one.policies.allSatisfy { name in world.policies.contains { $0.name == name } }
                }
            default:
                let policy = random.below(world.policies.count)
                world.policies[policy].rules[0].effect = random.one([
                    .deny, .warn, .limit(["maxOutputTokens": Int64(random.below(9) + 1)]), .redact(detectors: ["cards"], mode: "mask"),
                ])
            }
        }
        world.exemptions.removeAll { one in !one.policies.allSatisfy { name in world.policies.contains { $0.name == name } } }
        return world
    }

    @Test(arguments: 0..<24) func `a replay comes to what two decisions of each request come to`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed &+ 900))
        let size = RandomWorld.Size.allCases[seed % 4]
        let world = RandomWorld(&random, size)
        let base = try TestEngine.compile(["world.yaml": world.yaml])
        let head = try TestEngine.compile(["world.yaml": Self.changed(world, &random, size).yaml])
        let requests = (0..<Self.count).map { _ in RandomRequest(&random) }
        var expected = Expected()
        var lines: [UInt8] = []
        for (number, request) in requests.enumerated() {
            let bytes = request.bytes(in: world)
            let (one, other) = (Self.decide(base, bytes, request.now), Self.decide(head, bytes, request.now))
            expected.note(one, other, line: number + 1)
            lines += "{\"time\":\"\(Self.time(request.now))\",\"request\":".utf8 + bytes
            lines += ",\"decision\":{\"decision\":\(random.isOnce(in: 2))}}\n".utf8
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("charter-replay-\(UUID().uuidString)")
        try Data(lines).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let report = try DecisionReplay(base: base, head: head).run(file.path, threads: 1)
        #expect(Expected(report) == expected)
        #expect(try DecisionReplay(base: base, head: head).run(file.path, threads: 3) == report)
    }

    private static func decide(_ engine: PolicyEngine, _ request: [UInt8], _ now: Int64) -> Decision? {
        try? engine.decide(request, now: now, id: "x")
    }

    private static func time(_ nanoseconds: Int64) -> String {
        let seconds = Int64((Double(nanoseconds) / 1e9).rounded(.down))
        let rest = nanoseconds - seconds * 1_000_000_000
        let whole = Date(timeIntervalSince1970: Double(rest < 0 ? seconds - 1 : seconds)).ISO8601Format()
        let fraction = String(rest < 0 ? rest + 1_000_000_000 : rest)
        return whole.dropLast() + "." + String(repeating: "0", count: 9 - fraction.count) + fraction + "Z"
    }

    /// What a report must say, found the slow way.
    private struct Expected: Equatable {
        var replayed = 0
        var undecidable = 0
        var denials = Flips()
        var permissions = Flips()
        var stillAllowed = 0
        var stillDenied = 0
        var differing: [ImpactReport.Part: Int] = [:]
        var shifts: [String: [Int]] = [:]
        var spending: [Int128] = [0, 0]

        struct Flips: Equatable {
            var count = 0
            var cost: Int128 = 0
            var unknownCost = 0
            /// By code, policy and rule.
            var causes: [String: Int] = [:]
            /// Lines of the first ones.
            var lines: [Int] = []
        }

        init() {
            for part in ImpactReport.Part.allCases { differing[part] = 0 }
        }

        init(_ report: ImpactReport) {
            (replayed, undecidable) = (report.replayedCount, report.faultCounts[.undecidable] ?? 0)
            (denials, permissions) = (Self.flips(report.newDenials), Self.flips(report.newPermissions))
            (stillAllowed, stillDenied) = (report.stillAllowedCount, report.stillDeniedCount)
            differing = report.differing
            for shift in report.shifts where shift.part != .obligations {
                shifts["\(shift.part) \(shift.policy)/\(shift.rule)"] = [shift.gained, shift.lost]
            }
            spending = [report.spending.base.nanoUnits, report.spending.head.nanoUnits]
        }

        private static func flips(_ flips: ImpactReport.Flips) -> Flips {
            var causes: [String: Int] = [:]
            for cause in flips.causes {
                causes[[cause.code, cause.policy ?? "", cause.rule ?? ""].joined(separator: " "), default: 0] += cause.count
            }
            #expect(flips.subjects.reduce(0) { $0 + $1.count } == flips.count)
            return Flips(
                count: flips.count, cost: flips.cost.nanoUnits, unknownCost: flips.cost.unknownCount, causes: causes,
                lines: flips.examples.map(\.line))
        }

        mutating func note(_ one: Decision?, _ other: Decision?, line: Int) {
            if one == nil, other == nil {
                undecidable += 1
                return
            }
            replayed += 1
            for (place, decision) in [one, other].enumerated() {
                if let decision, decision.isAllowed { spending[place] += Int128(decision.estimatedCost ?? 0) }
            }
            switch (one?.isAllowed ?? false, other?.isAllowed ?? false) {
            case (true, false): Self.note(&denials, allowing: one, refusing: other, line)
            case (false, true): Self.note(&permissions, allowing: other, refusing: one, line)
            case (let isAllowed, _):
                if isAllowed { stillAllowed += 1 } else { stillDenied += 1 }
                guard let one, let other else {
                    differing[.reasons, default: 0] += 1
                    return
                }
                compare(one, other)
            }
        }

        private static func note(_ flips: inout Flips, allowing: Decision?, refusing: Decision?, _ line: Int) {
            flips.count += 1
            if let cost = allowing?.estimatedCost { flips.cost += Int128(cost) } else { flips.unknownCost += 1 }
            if flips.lines.count < 5 { flips.lines.append(line) }
            let causes = refusing?.reasons.map { [$0.code.rawValue, $0.policy ?? "", $0.rule ?? ""].joined(separator: " ") }
            for cause in causes ?? ["invalid-request  "] { flips.causes[cause, default: 0] += 1 }
        }

        private mutating func compare(_ one: Decision, _ other: Decision) {
            func names(_ reasons: [Decision.Reason]) -> Set<String> {
                Set(reasons.compactMap { reason in reason.policy.map { "\($0)/\(reason.rule ?? "")" } })
            }
            func refusal(_ decision: Decision) -> Decision.Reason.Code? { decision.reasons.first { $0.policy == nil }?.code }
            let lists: [(ImpactReport.Part, [Decision.Reason], [Decision.Reason])] = [
                (.reasons, one.reasons, other.reasons), (.warnings, one.warnings, other.warnings), (.records, one.records, other.records),
            ]
            for (part, before, after) in lists {
                let (gained, lost) = (names(after).subtracting(names(before)), names(before).subtracting(names(after)))
                for name in gained { shifts["\(part) \(name)", default: [0, 0]][0] += 1 }
                for name in lost { shifts["\(part) \(name)", default: [0, 0]][1] += 1 }
                let isOther = !gained.isEmpty || !lost.isEmpty || (part == .reasons && refusal(one) != refusal(other))
                if isOther { differing[part, default: 0] += 1 }
            }
            if one.obligations != other.obligations { differing[.obligations, default: 0] += 1 }
        }
    }
}
