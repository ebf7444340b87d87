import TestSupport

/// A small organisation that changes at random, mostly for the good: documents of all kinds that depend on each other, spread over files.
struct RandomRepository {
    struct Entry {
        var file: String
        var kind: String
        var name: String
        var spec: String
    }

    var generator: SeededGenerator
    private(set) var entries: [Entry] = []
    /// Text that is put behind the documents of a file.
    private var rubbish: [String: String] = [:]
    /// Whether mistakes are made; the first version holds none.
    private var isCareful = true
    /// What it held when it was last good, to come back to.
    private var good: (entries: [Entry], rubbish: [String: String])?

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        let names: [(kind: String, names: [String])] = [
            ("Organization", ["acme"]), ("Role", (0..<4).map { "r\($0)" }), ("User", (0..<14).map { "u\($0)" }),
            ("ServiceAccount", ["bot"]), ("Team", (0..<6).map { "t\($0)" }), ("Provider", ["p0", "p1"]),
            ("Model", ["p0/m0", "p0/m1", "p1/m0"]), ("ComplianceFramework", ["f0"]), ("Policy", (0..<5).map { "y\($0)" }),
            ("Exemption", ["e0"]), ("Budget", ["b0"]), ("Invariant", ["i0"]),
        ]
        // References are made to what is there already, so the first version is good.
        for (kind, names) in names { for name in names { add(kind, name) } }
        isCareful = false
    }

    var files: [String: String] {
        var files: [String: String] = rubbish
        for entry in entries {
            files[entry.file] =
                "apiVersion: charter/v1\nkind: \(entry.kind)\nmetadata: {name: \(entry.name)}\nspec: \(entry.spec)\n---\n"
                + (files[entry.file] ?? "")
        }
        return files
    }

    mutating func keepAsGood() { good = (entries, rubbish) }

    mutating func returnToGood() { if let good { (entries, rubbish) = good } }

    // MARK: Changes

    mutating func change() {
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<12: replace()
            case 12..<14: add(pick(["User", "User", "Team", "Role", "Policy", "Model", "Exemption"]) ?? "User", nil)
            case 14..<16: if entries.count > 10 { entries.remove(at: .random(in: 0..<entries.count, using: &generator)) }
            case 16, 17: move()
            case 18: rename()
            default:
                let file = pick(entries.map(\.file)) ?? "a.yaml"
                let text = pick([
                    "kind: [\n", "apiVersion: charter/v1\nkind: Team\nmetadata: {name: odd}\nspec: {colour: red}\n", "# nothing\n",
                ])
                rubbish[file] = rubbish[file] == nil ? text : nil
            }
        }
    }

    private mutating func replace() {
        guard !entries.isEmpty else { return }
        let index = Int.random(in: 0..<entries.count, using: &generator)
        entries[index].spec = spec(entries[index].kind, entries[index].name)
    }

    private mutating func move() {
        guard !entries.isEmpty else { return }
        let entry = entries.remove(at: .random(in: 0..<entries.count, using: &generator))
        var moved = entry
        moved.file = pick(entries.map(\.file)) ?? entry.file
        entries.insert(moved, at: .random(in: 0...entries.count, using: &generator))
    }

    private mutating func rename() {
        guard !entries.isEmpty else { return }
        entries[.random(in: 0..<entries.count, using: &generator)].name += "x"
    }

    private mutating func add(_ kind: String, _ name: String?) {
        let number = Int.random(in: 0..<30, using: &generator)
        let name = name ?? (kind == "Model" ? "p0/m\(number)" : "\(kind.prefix(1).lowercased())\(number)")
        let file = "\(kind.lowercased())s/\(Int.random(in: 0..<3, using: &generator)).yaml"
        entries.append(Entry(file: file, kind: kind, name: name, spec: spec(kind, name)))
    }

    // MARK: Texts

    private mutating func pick<Element>(_ list: [Element]) -> Element? { list.randomElement(using: &generator) }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    private mutating func slips(_ percent: Int) -> Bool { !isCareful && chance(percent) }

    private mutating func names(_ kind: String) -> [String] { entries.filter { $0.kind == kind }.map(\.name) }

    /// Some names of documents of a kind, rarely one that nobody has.
    private mutating func some(_ kind: String, _ most: Int) -> [String] {
        var names = Set(names(kind).shuffled(using: &generator).prefix(Int.random(in: 0...most, using: &generator)))
        if slips(2) { names.insert("nobody") }
        return names.sorted()
    }

    private func list(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }

    private mutating func spec(_ kind: String, _ name: String) -> String {
        switch kind {
        case "Organization":
            let values = chance(20) ? "[eu, us, asia]" : "[eu, us]"
            return "{displayName: Acme, currency: USD, reconcile: {administrators: r0}, "
                + "subjectAttributes: {region: {type: string, values: \(values)}, level: {type: int}, tags: {type: stringList}}}"
        case "User": return user(name)
        case "ServiceAccount": return "{owner: \(pick(names("User")) ?? "nobody"), roles: \(list(some("Role", 2)))}"
        case "Team":
            let parents = names("Team").filter { $0 != name }
            let parent = chance(40) ? pick(slips(10) ? parents : parents.filter { $0 < name }) : nil
            let members = some("User", 6).map { "{user: \($0)\(chance(20) ? ", role: maintainer" : "")}" }
            return "{\(parent.map { "parent: \($0), " } ?? "")roles: \(list(some("Role", 2))), "
                + "members: \(list(members + (slips(2) ? members.prefix(1) : [])))}"
        case "Role":
            let inherits = some("Role", 2).filter { $0 < name || slips(4) }
            let when = chance(30) ? ", when: 'subject.attributes.level > \(Int.random(in: 0..<5, using: &generator))'" : ""
            let resource = slips(5) ? "todo:*" : "model:*"
            return "{inherits: \(list(inherits)), permissions: [{actions: [llm.chat], resources: ['\(resource)']\(when)}]}"
        case "Provider": return "{type: openai}"
        case "Model":
            let provider = name.split(separator: "/").first.map(String.init) ?? "p0"
            return "{provider: \(slips(2) ? "p1" : provider), upstream: m, regions: [eu]}"
        case "ComplianceFramework":
            return "{displayName: F, controls: [{id: A1, title: One}\(slips(20) ? "" : ", {id: A2, title: Two}")]}"
        case "Policy": return policy()
        case "Exemption":
            return "{subject: 'user:\(pick(names("User")) ?? "nobody")', policies: [\(pick(names("Policy")) ?? "nothing")], "
                + "reason: because, approver: \(pick(names("User")) ?? "nobody"), expires: \(chance(50) ? "2020-01-01" : "2099-01-01")}"
        case "Budget": return "{limit: \(Int.random(in: 1..<900, using: &generator)).5, period: month, scope: {organization: true}}"
        default: return "{description: D, never: {actions: [llm.chat], resources: ['model:*'], when: 'subject.attributes.level > 9'}}"
        }
    }

    private mutating func user(_ name: String) -> String {
        var attributes: [String] = []
        if chance(70) { attributes.append("region: \(pick(slips(4) ? ["asia", "mars"] : ["eu", "us"]) ?? "eu")") }
        if chance(70) { attributes.append("level: \(slips(3) ? "high" : "\(Int.random(in: 0..<4, using: &generator))")") }
        if chance(10) { attributes.append("tags: [a, b]") }
        attributes.shuffle(using: &generator)
        let identity = slips(3) ? "u1" : slips(20) ? "id-\(Int.random(in: 0..<20, using: &generator))" : "id-of-\(name)"
        let identities = chance(20) ? ", identities: [\(identity)]" : ""
        return "{email: \(name)@acme.example, roles: \(list(some("Role", 2))), attributes: {\(attributes.joined(separator: ", "))}"
            + "\(identities)\(chance(10) ? ", disabled: true" : "")}"
    }

    private mutating func policy() -> String {
        var match: [String] = []
        if chance(40) { match.append("roles: [\(pick(names("Role")) ?? "r0")]") }
        if chance(30) { match.append("teams: [\(pick(names("Team")) ?? "t0")]") }
        if chance(40) { match.append("models: ['p\(slips(3) ? 7 : 0)/*']") }
        let when = slips(3) ? "context.nothing > 1" : "context.inputTokens > \(Int.random(in: 0..<5, using: &generator))"
        let controls = chance(30) ? ", controls: [f0/A\(Int.random(in: 1...2, using: &generator))]" : ""
        return "{type: usage, match: {\(match.joined(separator: ", "))}, rules: [{name: only, when: '\(when)', effect: deny}]\(controls)}"
    }
}
