/// A change of an organisation, made at random.
enum RandomChange {
    static func apply(to world: inout RandomWorld, _ random: inout Noise) {
        switch random.below(11) {
        case 0:
            let role = random.below(world.roles.count)
            if world.roles[role].permissions.count > 1 { world.roles[role].permissions.removeLast() }
        case 1:
            let role = random.below(world.roles.count)
            world.roles[role].permissions.append(
                .init(
                    actions: [random.one(["llm.chat", "*", "tool.call", "read"])], resources: [random.one(["model:*", "*:*", "tool:x*"])],
                    when: random.isOnce(in: 2) ? .make(&random) : nil))
        case 2:
            let subject = random.below(world.subjects.count)
            world.subjects[subject].roles = random.some(world.roles.map(\.name), most: 2)
        case 3:
            let team = random.below(world.teams.count)
            world.teams[team].members = random.some(world.subjects.filter { $0.type == "user" }.map(\.name), most: 3)
        case 4: world.subjects[random.below(world.subjects.count)].isDisabled.toggle()
        case 5: world.policies.remove(at: random.below(world.policies.count))
        case 6:
            var policy = RandomWorld.policy("new\(random.below(1_000_000))", [.make(&random)], isKeyed: false, &random)
            policy.enforcement = random.one(["strict", "strict", "warning"])
            world.policies.append(policy)
        case 7: world.policies[random.below(world.policies.count)].enforcement = random.one(["strict", "warning", "monitor"])
        case 8:
            let policy = random.below(world.policies.count)
            let rule = random.below(world.policies[policy].rules.count)
            world.policies[policy].rules[rule].when = random.isOnce(in: 4) ? nil : .make(&random)
        case 9: world.subjects[random.below(world.subjects.count)].clearance = random.one(RandomCondition.values)
        default:
            if world.exemptions.isEmpty {
                world.exemptions.append(
                    .init(
                        name: "fresh", subject: "user:u1", policies: [random.one(world.policies).name],
                        expires: RandomWorld.times[2] + 31_536_000))
            } else {
                world.exemptions.removeLast()
            }
        }
        // Exemptions name policies that are there.
        let names = Set(world.policies.map(\.name))
        for place in world.exemptions.indices { world.exemptions[place].policies.removeAll { !names.contains($0) } }
        world.exemptions.removeAll { $0.policies.isEmpty }
    }
}
