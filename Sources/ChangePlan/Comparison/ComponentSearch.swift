import PolicyEngine

/// Finds the outcomes that units come to, by trying the values on which they turn.
struct ComponentSearch {
    /// So many combinations of values are tried together; of more, a part that does not depend on chance.
    private static let limit = 4_096

    let sides: [PlanSide]
    let frame: RequestFrame
    /// Versions that cannot allow the frame at all, whose units need not be tried.
    let isRefused: [Bool]
    let now: Int64

    func run(_ units: [ConditionUnit], _ values: [RequestPart: Set<RequestPart.Value>]) -> ConditionComponent {
        let parts = values.keys.sorted()
        let lists = parts.map { RequestPart.Value.sorted(values[$0] ?? []) }
        var component = ConditionComponent(examples: [])
        var known: Set<ConditionComponent.Outcome> = []
        component.isSampled = !combinations(lists) { choice in
            var given: RequestValues = [:]
            for (number, part) in parts.enumerated() where lists[number][choice[number]] != .absent {
                given[part] = lists[number][choice[number]]
            }
            let outcome = outcome(units, given, &component)
            if known.insert(outcome).inserted { component.examples.append(.init(outcome: outcome, values: given)) }
        }
        return component
    }

    private func outcome(
        _ units: [ConditionUnit], _ values: RequestValues, _ component: inout ConditionComponent
    ) -> ConditionComponent.Outcome {
        let text = Array(frame.text(values).utf8)
        let time = RequestFrame.time(values, now: now)
        var outcome = ConditionComponent.Outcome()
        var effects: [String: (before: PolicyEffect, after: PolicyEffect)] = [:]
        for side in [ConditionUnit.Side.base, .head] where !isRefused[side.rawValue] {
            let number = side.rawValue
            let isRequest: Void? = sides[number].withDecoded(text, now: time) { session in
                for unit in units where unit.side == side {
                    switch unit.content {
                    case .permission(let row): if session.isGranted(by: row) { outcome.isGranted[number] = true }
                    case .policy(let place):
                        let effect = session.effect(ofPolicyAt: place)
                        if effect == .denial { outcome.isDenied[number] = true }
                        guard let policy = unit.changedPolicy else { continue }
                        // Who is exempt is another change than that of the policy.
                        let plain =
                            sides[number].exempted.contains(policy)
                            ? session.effect(ofPolicyAt: place, countsExemptions: false) : effect
                        if side == .base { effects[policy, default: (.none, .none)].before = plain }
                        if side == .head { effects[policy, default: (.none, .none)].after = plain }
                    }
                }
            }
            if isRequest == nil { outcome.isDenied[number] = true }
        }
        // Where one version allows nothing at all, its policies are not what has changed.
        if isRefused != [false, false] { return outcome }
        for (policy, effect) in effects {
            if effect.after > effect.before, component.stricter[policy] == nil { component.stricter[policy] = values }
            if effect.after < effect.before, component.looser[policy] == nil { component.looser[policy] = values }
        }
        return outcome
    }

    /// Calls `body` with places in the lists: all combinations where there are not too many.
    ///
    /// - Returns: whether it was all of them.
    private func combinations(_ lists: [[RequestPart.Value]], _ body: ([Int]) -> Void) -> Bool {
        var total = 1
        for list in lists { total = min(total, Self.limit + 1) * list.count }
        var choice = [Int](repeating: 0, count: lists.count)
        if total <= Self.limit {
            for number in 0..<total {
                var rest = number
                for place in lists.indices {
                    choice[place] = rest % lists[place].count
                    rest /= lists[place].count
                }
                body(choice)
            }
            return true
        }
        // Nothing, then each value by itself, each two values of two parts, and combinations from all over the space.
        body(choice)
        var left = Self.limit
        for first in lists.indices {
            for value in lists[first].indices.dropFirst() {
                choice[first] = value
                body(choice)
                left -= 1
                for second in lists.indices.dropFirst(first + 1) where left > Self.limit / 2 {
                    for other in lists[second].indices.dropFirst() {
                        choice[second] = other
                        body(choice)
                        left -= 1
                    }
                    choice[second] = 0
                }
            }
            choice[first] = 0
        }
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        while left > 0 {
            for place in lists.indices {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                choice[place] = Int(state >> 33) % lists[place].count
            }
            body(choice)
            left -= 1
        }
        return false
    }
}
