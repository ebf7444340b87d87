import ChangePlan
import GovernanceModel
import JSON
import PolicyBundle
import PolicyEngine
import Testing

/// What a plan says of random changes, against decisions of random requests.
@Suite struct RandomPlanTests {
    private static let now = RandomWorld.times[1] * 1_000_000_000

    private struct Cell: Hashable {
        var type: String
        var subject: String
        var action: String
        var resource: String
    }

    private static func version(_ world: RandomWorld) throws -> ChangePlan.Version {
        let file = DocumentReader.read(Array(world.yaml.utf8), path: "world.yaml")
        let (governance, diagnostics) = Governance.link([file])
        #expect(!diagnostics.hasErrors)
        return ChangePlan.Version(name: "x", governance: governance, bundle: try TestEngine.bundle(["world.yaml": world.yaml]))
    }

    @Test(arguments: 0..<24) func `a plan tells exactly of those whose decisions differ`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed + 7_000))
        var world = RandomWorld(&random)
        world.policies = Array(world.policies.prefix(1 + seed % 6))
        let names = Set(world.policies.map(\.name))
        for place in world.exemptions.indices { world.exemptions[place].policies.removeAll { !names.contains($0) } }
        world.exemptions.removeAll { $0.policies.isEmpty }
        var changed = world
        for _ in 0...random.below(3) where changed.policies.count > 1 { RandomChange.apply(to: &changed, &random) }
        let (base, head) = (try Self.version(world), try Self.version(changed))
        let plan = try ChangePlan(from: base, to: head, now: Self.now)
        let engines = [try PolicyEngine(PolicyBundle(bytes: base.bundle)), try PolicyEngine(PolicyBundle(bytes: head.bundle))]
        func allowed(_ request: [UInt8], _ time: Int64) throws -> [Bool] {
            try engines.map { try $0.decide(request, now: time, id: "x").isAllowed }
        }

        // What is told is shown by a request.
        var gained: Set<Cell> = []
        var lost: Set<Cell> = []
        for effect in plan.access {
            for change in effect.changes {
                for (witness, expected) in [(change.gained, [false, true]), (change.lost, [true, false])] {
                    guard let witness else { continue }
                    #expect(try allowed(Array(witness.request.utf8), witness.time) == expected, "\(witness)")
                }
                for subject in effect.subjects {
                    let resource = String(change.resource.drop { $0 != ":" }.dropFirst())
                    let cell = Cell(type: subject.type, subject: subject.name, action: change.action, resource: resource)
                    if change.gained != nil { gained.insert(cell) }
                    if change.lost != nil { lost.insert(cell) }
                }
            }
        }
        // Where values were too many to be tried together, the plan says so.
        if plan.sampledCount > 0 { return }

        // What any request shows is told.
        var differences = 0
        for number in 0..<2_500 {
            var request = number < RandomRequest.plain.count ? RandomRequest.plain[number] : RandomRequest(&random)
            request.now = Self.now
            guard request.resourceType == "model", !request.subject.hasPrefix("oidc") else { continue }
            let answers = try allowed(request.bytes(in: world), request.now)
            if answers[0] == answers[1] { continue }
            differences += 1
            // Actions that no document names are not tried, nor those of declared types on models.
            if ["tool.call", "read", "odd*one", "unheard", "llm.unheard-of", "other", "nothing"].contains(request.action) { continue }
            let cell = Cell(type: request.subjectType, subject: request.subject, action: request.action, resource: request.resource)
            let isTold = (answers[1] ? gained : lost).contains(cell)
            #expect(isTold, "\(cell) \(answers): \(String(decoding: request.bytes(in: world), as: UTF8.self))")
        }
        if world.yaml == changed.yaml { #expect(plan.isEmpty && plan.access.isEmpty && differences == 0) }
    }
}
