import CEL
import PolicyBundle
import PolicyEngine

/// Finds whose decisions differ between two versions, by deciding: for each group of subjects, each action and each resource that the change can
/// touch, the requests on which conditions turn are decided by both versions.
struct AccessComparison {
    private let base: PlanSide
    private let head: PlanSide
    private let now: Int64
    /// What means something else than before, is new or is gone.
    private let policies: Set<String>
    private let roles: Set<String>
    private let models: Set<String>
    private let exemptPolicies: Set<String>
    /// Whether what requests may hold has changed, so that anything may.
    private let isAllTouched: Bool
    private var basePolicies: [(row: Int, name: String)] = []
    private var headPolicies: [(row: Int, name: String)] = []
    private var baseClasses: [ClassNames] = []
    private var headClasses: [ClassNames] = []
    private var shifts: [String: PolicyShift] = [:]
    /// By group, in order.
    private var effects: [AccessEffect] = []
    private var memo: [MemoKey: ConditionComponent] = [:]
    /// The same of all units of a subject, an action and a resource.
    private var cells: [MemoKey: [ConditionComponent]] = [:]
    /// How many subjects, or groups of them, with an action and a resource were compared.
    private var cellCount = 0
    /// Of those, where conditions turn on more values than could all be tried together.
    private var sampledCount = 0

    init(_ base: PlanSide, _ head: PlanSide, now: Int64) {
        self.base = base
        self.head = head
        self.now = now
        func changed<Value: Equatable>(_ before: [String: Value], _ after: [String: Value]) -> Set<String> {
            Set(before.filter { after[$0.key] != $0.value }.keys).union(after.filter { before[$0.key] == nil }.keys)
        }
        let (before, after) = (base.signatures, head.signatures)
        policies = changed(before.policies, after.policies)
        roles = changed(before.roles, after.roles)
        models = changed(before.models, after.models)
        let exemptions = changed(before.exemptions.mapValues(\.signature), after.exemptions.mapValues(\.signature))
        exemptPolicies = Set(exemptions.flatMap { (before.exemptions[$0]?.policies ?? []) + (after.exemptions[$0]?.policies ?? []) })
        isAllTouched = before.requests != after.requests
        let watched = policies.union(exemptPolicies)
        basePolicies = Self.rows(base.bundle, watched)
        headPolicies = Self.rows(head.bundle, watched)
        baseClasses = ClassNames.all(base.bundle)
        headClasses = ClassNames.all(head.bundle)
        for name in policies { shifts[name] = PolicyShift(policy: name) }
    }

    private static func rows(_ bundle: PolicyBundle, _ names: Set<String>) -> [(row: Int, name: String)] {
        if names.isEmpty { return [] }
        return (0..<bundle.count(.poli)).map { ($0, bundle.string(.poli, $0, PolicyColumn.name)) }.filter { names.contains($0.1) }
    }

    // MARK: Running

    struct Result {
        var effects: [AccessEffect]
        var shifts: [PolicyShift]
        var cellCount: Int
        var sampledCount: Int
    }

    mutating func run() -> Result {
        let touched = TouchedCells(
            PlanUniverse(base.bundle, head.bundle), [(base, basePolicies.map(\.row)), (head, headPolicies.map(\.row))], roles: roles,
            models: models, now: now)
        for group in SubjectGroups(base, head).groups { compare(group, touched) }
        return Result(
            effects: merged(), shifts: shifts.values.sorted { $0.policy < $1.policy }, cellCount: cellCount, sampledCount: sampledCount)
    }

    /// What is said of a group before anything is decided.
    private struct Standing {
        /// Whether the change may touch every action and resource.
        var isTouched: Bool
        var causes: Set<String>
        /// Roles that were changed themselves.
        var roles: Set<String> = []
    }

    private func standing(_ group: SubjectGroups.Group) -> Standing {
        guard let before = group.before else { return Standing(isTouched: true, causes: ["the subject is new"]) }
        guard let after = group.after else { return Standing(isTouched: true, causes: ["the subject is gone"]) }
        var causes: Set<String> = []
        if before.isDisabled != after.isDisabled { causes.insert(after.isDisabled ? "the subject is disabled" : "the subject is enabled") }
        let (old, new) = (baseClasses[before.subjectClass], headClasses[after.subjectClass])
        if old != new {
            for role in new.roles.subtracting(old.roles) { causes.insert("Role/\(role) gained") }
            for role in old.roles.subtracting(new.roles) { causes.insert("Role/\(role) lost") }
            for team in new.teams.subtracting(old.teams) { causes.insert("Team/\(team) joined") }
            for team in old.teams.subtracting(new.teams) { causes.insert("Team/\(team) left") }
        }
        if attributes(base.bundle, before.attributes) != attributes(head.bundle, after.attributes) {
            causes.insert("the subject's attributes")
        }
        let changed = roles.isEmpty ? [] : new.roles.union(old.roles).intersection(roles)
        return Standing(isTouched: !causes.isEmpty || isAllTouched, causes: causes, roles: changed)
    }

    /// Values by name.
    private func attributes(_ bundle: PolicyBundle, _ list: Int) -> [String: String] {
        let names = (0..<bundle.count(.slot)).map { bundle.string(Int(bundle.word(.slot, $0, 0))) }.filter {
            $0.hasPrefix("subject.attributes.")
        }
        var values: [String: String] = [:]
        for (number, name) in names.enumerated() {
            let word = bundle.word(.list, list + number, 0)
            if word != BundleFormat.none { values[name] = bundle.value(Int(word)).description }
        }
        return values
    }

    private mutating func compare(_ group: SubjectGroups.Group, _ touched: TouchedCells) {
        guard let subject = group.members.first else { return }
        let standing = standing(group)
        var rolePlaces: [Int: Set<String>] = [:]
        for role in standing.roles { for place in touched.byRole[role] ?? [] { rolePlaces[place, default: []].insert("Role/\(role)") } }
        let places = standing.isTouched ? Array(touched.cells.indices) : Set(touched.always).union(rolePlaces.keys).sorted()
        var changes: [[AccessEffect.Subject]: (changes: [AccessEffect.Change], causes: Set<String>)] = [:]
        for place in places {
            let cell = touched.cells[place]
            let bare = bareRequest(subject, cell.action, cell.entry)
            let scopes = (scope(base, bare), scope(head, bare))
            if !scopes.0.isPermittable, !scopes.1.isPermittable { continue }
            var causes = standing.causes.union(rolePlaces[place] ?? [])
            if touched.isPolicyTouched[place] { causes.formUnion(touchingPolicies(bare).map { "Policy/\($0)" }) }
            if let model = cell.entry.model, models.contains(model) { causes.insert("Model/\(model)") }
            if causes.isEmpty {
                // Only policies that are not about this subject were changed.
                if !isAllTouched { continue }
                causes = ["what requests may hold"]
            }
            // Those whom a condition tells apart are asked for one by one.
            let tellsApart = group.members.count > 1 && (isPersonal(base, scopes.0) || isPersonal(head, scopes.1))
            for members in tellsApart ? group.members.map({ [$0] }) : [group.members] {
                guard let change = compare(members[0], cell.action, cell.entry, scopes) else { continue }
                changes[members, default: ([], [])].changes.append(change)
                changes[members, default: ([], [])].causes.formUnion(causes)
            }
        }
        for (members, found) in changes.sorted(by: {
            $0.key.count > $1.key.count || $0.key.count == $1.key.count && $0.key[0].name < $1.key[0].name
        }) {
            effects.append(AccessEffect(subjects: members, changes: found.changes, causes: found.causes.sorted()))
        }
    }

    /// Policies that were changed and are about the request in one of the versions, and those that somebody is exempt from or no longer.
    private func touchingPolicies(_ request: [UInt8]) -> Set<String> {
        var names: Set<String> = []
        for (side, policies) in [(base, basePolicies), (head, headPolicies)] where !policies.isEmpty {
            side.withDecoded(request, now: now) { session in
                for policy in policies where session.isMatched(by: policy.row) { names.insert(policy.name) }
            }
        }
        return names
    }

    private func bareRequest(_ subject: AccessEffect.Subject, _ action: String, _ entry: PlanUniverse.Entry) -> [UInt8] {
        Array(RequestFrame(subject: subject, action: action, resourceType: entry.type, resourceID: entry.id).text([:]).utf8)
    }

    private func scope(_ side: PlanSide, _ request: [UInt8]) -> DecisionSession.Scope {
        var refused = DecisionSession.Scope()
        refused.isRefused = true
        return side.withDecoded(request, now: now) { $0.scope() } ?? refused
    }

    private func isPersonal(_ side: PlanSide, _ scope: DecisionSession.Scope) -> Bool {
        scope.permissions.contains { side.terms(ofPermission: $0).tellsSubjectsApart }
            || scope.places.contains { side.terms(ofPolicy: side.policy(at: $0)).tellsSubjectsApart }
    }

    // MARK: One subject, action and resource

    private mutating func compare(
        _ subject: AccessEffect.Subject, _ action: String, _ entry: PlanUniverse.Entry,
        _ scopes: (base: DecisionSession.Scope, head: DecisionSession.Scope)
    ) -> AccessEffect.Change? {
        let frame = RequestFrame(subject: subject, action: action, resourceType: entry.type, resourceID: entry.id)
        let isRefused = [!scopes.base.isPermittable, !scopes.head.isPermittable]
        var settled = ConditionComponent.Outcome()
        settled.isDenied = isRefused
        settled.isGranted = [scopes.base.isPermitted, scopes.head.isPermitted]
        var components = [ConditionComponent(examples: [.init(outcome: settled, values: [:])])]
        components += found(units(scopes, isRefused), frame, entry, isRefused)
        cellCount += 1
        let isSampled = components.contains(where: \.isSampled)
        if isSampled { sampledCount += 1 }
        let solver = OutcomeSolver(components)
        var change = AccessEffect.Change(
            action: action, resource: "\(entry.type):\(entry.label)", before: .never, after: .never, isSampled: isSampled)
        change.gained = proved(frame, solver.difference(allowedBy: .head, deniedBy: .base), isAllowed: [false, true])
        change.lost = proved(frame, solver.difference(allowedBy: .base, deniedBy: .head), isAllowed: [true, false])
        guard change.gained != nil || change.lost != nil else { return nil }
        change.before = Self.access(solver.possibilities(.base))
        change.after = Self.access(solver.possibilities(.head))
        return change
    }

    /// What the units can come to, apart from each other; found once for all subjects, actions and resources for which it is the same.
    private mutating func found(
        _ units: [ConditionUnit], _ frame: RequestFrame, _ entry: PlanUniverse.Entry, _ isRefused: [Bool]
    ) -> [ConditionComponent] {
        if units.isEmpty { return [] }
        let whole = memoKey(units, frame, isRefused)
        if let components = cells[whole] { return components }
        let search = ComponentSearch(sides: [base, head], frame: frame, isRefused: isRefused, now: now)
        let components = grouped(units, entry, known(frame.subject, entry)).map { group in
            let key = memoKey(group.units, frame, isRefused)
            let component = memo[key] ?? search.run(group.units, group.values)
            memo[key] = component
            note(component, frame)
            return component
        }
        cells[whole] = components
        return components
    }

    private mutating func note(_ component: ConditionComponent, _ frame: RequestFrame) {
        for (policy, values) in component.stricter {
            guard var shift = shifts[policy], shift.stricter == nil else { continue }
            shift.stricter = witness(frame, values)
            shifts[policy] = shift
        }
        for (policy, values) in component.looser {
            guard var shift = shifts[policy], shift.looser == nil else { continue }
            shift.looser = witness(frame, values)
            shifts[policy] = shift
        }
    }

    private static func access(_ possibilities: (allows: Bool, denies: Bool)) -> AccessEffect.Access {
        possibilities.allows ? possibilities.denies ? .sometimes : .always : .never
    }

    /// The request, if the two versions really decide it so: what no request shows is not told.
    private func proved(_ frame: RequestFrame, _ values: RequestValues?, isAllowed: [Bool]) -> AccessEffect.Witness? {
        guard let values else { return nil }
        let request = Array(frame.text(values).utf8)
        let time = RequestFrame.time(values, now: now)
        guard [base, head].map({ $0.withDecoded(request, now: time) { $0.decide() } ?? false }) == isAllowed else { return nil }
        return witness(frame, values)
    }

    private func witness(_ frame: RequestFrame, _ values: RequestValues) -> AccessEffect.Witness {
        AccessEffect.Witness(request: frame.text(values), time: RequestFrame.time(values, now: now))
    }

    // MARK: Conditions

    private func units(
        _ scopes: (base: DecisionSession.Scope, head: DecisionSession.Scope), _ isRefused: [Bool]
    ) -> [ConditionUnit] {
        var units: [ConditionUnit] = []
        for (side, scope, number) in [(base, scopes.base, ConditionUnit.Side.base), (head, scopes.head, .head)]
        where !isRefused[number.rawValue] {
            for row in scope.permissions {
                let terms = side.terms(ofPermission: row)
                units.append(
                    ConditionUnit(
                        side: number, content: .permission(row), terms: terms, changedPolicy: nil, dependsOnSubject: terms.readsSubject,
                        dependsOnResource: terms.readsResource, dependsOnAction: terms.readsAction))
            }
            for place in scope.places {
                let row = side.policy(at: place)
                let name = side.name(ofPolicy: row)
                let isChanged = policies.contains(name)
                // Of a policy that neither denies nor was changed it need not be known when it holds.
                guard isChanged || side.isDenying(policy: row) else { continue }
                let terms = side.terms(ofPolicy: row)
                units.append(
                    ConditionUnit(
                        side: number, content: .policy(place), terms: terms, changedPolicy: isChanged ? name : nil,
                        dependsOnSubject: terms.readsSubject, exemptions: side.exempted.contains(name) ? scope.exemptions : [],
                        dependsOnResource: terms.readsResource, dependsOnAction: terms.readsAction))
            }
        }
        return units
    }

    /// Units that read a part in common, and both versions of a policy, are put together.
    private func grouped(
        _ units: [ConditionUnit], _ entry: PlanUniverse.Entry, _ known: ProbeValues.Known
    ) -> [(units: [ConditionUnit], values: [RequestPart: Set<RequestPart.Value>])] {
        var groups: [(units: [ConditionUnit], values: [RequestPart: Set<RequestPart.Value>])] = []
        for unit in units {
            var values = ProbeValues(known: known, now: now) { [base, head] part in
                Self.declared(part, entry, base.bundle) + Self.declared(part, entry, head.bundle)
            }
            values.add(unit.terms)
            var own = (units: [unit], values: values.values)
            var others: [(units: [ConditionUnit], values: [RequestPart: Set<RequestPart.Value>])] = []
            for group in groups {
                let isTogether =
                    group.values.keys.contains { own.values[$0] != nil }
                    || unit.changedPolicy != nil && group.units.contains { $0.changedPolicy == unit.changedPolicy }
                if isTogether {
                    own.units = group.units + own.units
                    own.values.merge(group.values) { $0.union($1) }
                } else {
                    others.append(group)
                }
            }
            groups = others + [own]
        }
        return groups
    }

    /// What the outcomes of the units depend on.
    private func memoKey(_ units: [ConditionUnit], _ frame: RequestFrame, _ isRefused: [Bool]) -> MemoKey {
        MemoKey(
            units: units.map { MemoKey.Unit(side: $0.side, content: $0.content, exemptions: $0.exemptions) }, isRefused: isRefused,
            subject: units.contains(where: \.dependsOnSubject) ? frame.subject : nil,
            resource: units.contains(where: \.dependsOnResource) ? frame.resourceType + ":" + frame.resourceID : nil,
            action: units.contains(where: \.dependsOnAction) ? frame.action : nil)
    }

    private struct MemoKey: Hashable {
        struct Unit: Hashable {
            var side: ConditionUnit.Side
            var content: ConditionUnit.Content
            var exemptions: [Int]
        }

        var units: [Unit]
        var isRefused: [Bool]
        var subject: AccessEffect.Subject?
        var resource: String?
        var action: String?
    }

    // MARK: What is known

    private func known(_ subject: AccessEffect.Subject, _ entry: PlanUniverse.Entry) -> ProbeValues.Known {
        var known = ProbeValues.Known()
        func add(_ path: String, _ texts: [String]) { known.texts[path, default: []] += texts }
        add("subject.id", [subject.name])
        for side in [base, head] {
            let bundle = side.bundle
            if let row = bundle.findSubject(subject.name, isServiceAccount: subject.type == "service-account") {
                add("subject.email", [bundle.string(.subj, row, SubjectColumn.email)])
                let names = bundle.index(.subj, row, SubjectColumn.subjectClass)
                let list = side === base ? baseClasses[names] : headClasses[names]
                add("subject.roles", list.roles.sorted())
                add("subject.teams", list.teams.sorted())
                let values = bundle.index(.subj, row, SubjectColumn.attributes)
                for (number, slot) in side.slots.filter({ $0.path.hasPrefix("subject.attributes.") }).enumerated() {
                    let word = bundle.word(.list, values + number, 0)
                    if word == BundleFormat.none { continue }
                    switch bundle.value(Int(word)) {
                    case .string(let text): add(slot.path, [text])
                    case .list(let items): add(slot.path, items.compactMap { if case .string(let text) = $0 { text } else { nil } })
                    case .int(let number): known.numbers[slot.path] = number
                    default: break
                    }
                }
            }
            if let model = entry.model, let row = bundle.findModel(model) { addModel(row, bundle, &known) }
        }
        return known
    }

    private func addModel(_ row: Int, _ bundle: PolicyBundle, _ known: inout ProbeValues.Known) {
        known.texts["resource.regions", default: []] += bundle.strings(.modl, row, ModelColumn.regions)
        known.texts["resource.tags", default: []] += bundle.strings(.modl, row, ModelColumn.tags)
        known.texts["resource.capabilities", default: []] += bundle.strings(.modl, row, ModelColumn.capabilities)
        known.numbers["resource.contextWindow"] = Int64(bundle.word(.modl, row, ModelColumn.contextWindow))
        known.numbers["resource.maxOutput"] = Int64(bundle.word(.modl, row, ModelColumn.maxOutput))
        for price in bundle.records(.modl, row, ModelColumn.prices) {
            known.prices.append((bundle.int64(.pric, price, PriceColumn.inputLow), bundle.int64(.pric, price, PriceColumn.outputLow)))
        }
    }

    /// The only texts that a part of a request may hold.
    private static func declared(_ part: ProbeValues.Part, _ entry: PlanUniverse.Entry, _ bundle: PolicyBundle) -> [String] {
        func values(_ rows: Range<Int>, _ name: String) -> [String] {
            rows.first { bundle.string(.attr, $0, AttributeColumn.name) == name }.map { bundle.strings(.attr, $0, AttributeColumn.values) }
                ?? []
        }
        switch part {
        case .context(let name): return values(bundle.records(.meta, 0, MetaColumn.contextMembers), name)
        case .resourceProperty(let name):
            let type = (0..<bundle.count(.rtyp)).first { bundle.string(.rtyp, $0, ResourceTypeColumn.name) == entry.type }
            return type.map { values(bundle.records(.rtyp, $0, ResourceTypeColumn.properties), name) } ?? []
        case .subjectProperty, .actionProperty, .time: return []
        }
    }

    // MARK: Putting together

    /// Subjects who are affected alike are told of together, those who are affected most first.
    private func merged() -> [AccessEffect] {
        var together: [AccessEffect] = []
        var places: [String: Int] = [:]
        for effect in effects {
            let key =
                effect.causes.joined(separator: "\n")
                + effect.changes.map { "\n\($0.action)\t\($0.resource)\t\($0.before)\t\($0.after)\t\($0.gained != nil)\t\($0.lost != nil)" }
                .joined()
            if let place = places[key] {
                together[place].subjects += effect.subjects
            } else {
                places[key] = together.count
                together.append(effect)
            }
        }
        for place in together.indices { together[place].subjects.sort { ($0.type, $0.name) < ($1.type, $1.name) } }
        func weight(_ effect: AccessEffect) -> Int { effect.subjects.count * effect.changes.count }
        return together.enumerated().sorted { (weight($1.element), $0.offset) < (weight($0.element), $1.offset) }.map(\.element)
    }
}
