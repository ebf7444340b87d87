import Diagnostics
import GovernanceModel
import JSON

/// Finds what no document shows by itself: what nobody uses, what nothing covers, and what does not add up.
///
/// None of it keeps a commit from being compiled. Made only where there is no error, as what is broken may be what is missed here.
struct OrganizationChecker {
    private let governance: Governance
    private let closures: Closures
    private let holders: RoleHolders
    private let endedModels: EndedModels
    private let now: Int64
    private var diagnostics: [Diagnostic] = []

    /// - Parameter now: seconds since 1970.
    static func findings(
        _ governance: Governance, _ closures: Closures, holders: RoleHolders, endedModels: EndedModels, now: Int64
    ) -> [Diagnostic] {
        var checker = OrganizationChecker(
            governance: governance, closures: closures, holders: holders, endedModels: endedModels, now: now)
        checker.roles()
        checker.teams()
        checker.models()
        checker.exemptions()
        checker.controls()
        checker.budgets()
        return checker.diagnostics
    }

    private init(governance: Governance, closures: Closures, holders: RoleHolders, endedModels: EndedModels, now: Int64) {
        self.governance = governance
        self.closures = closures
        self.holders = holders
        self.endedModels = endedModels
        self.now = now
    }

    private mutating func report(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, related: SourceSpan? = nil, label: String = "", help: String,
        severity: Severity? = nil
    ) {
        let second = related.map { [Diagnostic.Related(span: $0, message: label)] } ?? []
        diagnostics.append(Diagnostic(code, message, at: span, related: second, help: help, severity: severity))
    }

    // MARK: Roles and teams

    /// A role that no subject, no team and no role in use has.
    private mutating func roles() {
        for (number, role) in governance.all(.role).enumerated() where !holders.isUsed[number] {
            report(
                .unusedRole, "nobody has the role `\(role.plainName)`", at: role.name.span,
                help: "give it to a user, a service account or a team, or remove it")
        }
    }

    /// A team in which, and below which, there is nobody.
    private mutating func teams() {
        for (number, team) in governance.all(.team).enumerated() where !closures.isPeopled(number) {
            report(.emptyTeam, "the team `\(team.plainName)` has no members", at: team.name.span, help: "add some, or remove it")
        }
    }

    /// The team and those above it, from below.
    private func ancestors(of team: String) -> [String] {
        var names = [team]
        while let last = names.last, let parent = governance.find(.team, last)?.spec["parent"]?.text {
            // Circles are errors, and there is none here; but no mistake of ours may hang a compiler.
            if names.count > 10_000 { break }
            names.append(parent)
        }
        return names
    }

    // MARK: Models and exemptions

    private static let day: Int64 = 86_400
    /// So long before its end a model is told of.
    private static let modelNotice = 60 * day
    private static let exemptionNotice = 14 * day

    private mutating func models() {
        for document in governance.all(.model) {
            let model = Model(spec: document.spec)
            if document.spec["prices"] == nil || model.prices.isEmpty {
                report(
                    .unpricedModel, "the model `\(document.plainName)` has no price: what it costs is taken for nothing",
                    at: document.name.span, help: "add `prices`, or prices of 0 if it is free")
            }
            guard let end = model.deprecation, let time = Timestamp.seconds(end.value) else { continue }
            if time <= now {
                diagnostics.append(endedModels.finding(document, end))
            } else if time - now <= Self.modelNotice {
                report(
                    .endingModel, "the model `\(document.plainName)` ends in \(Self.days(time - now))", at: end.span,
                    help: "move its users to another one")
            }
        }
    }

    private mutating func exemptions() {
        for document in governance.all(.exemption) {
            let expires = Exemption(spec: document.spec).expires
            guard let time = Timestamp.seconds(expires.value), time > now, time - now <= Self.exemptionNotice else { continue }
            report(
                .expiringExemption, "the exemption `\(document.plainName)` expires in \(Self.days(time - now))", at: expires.span,
                help: "have it approved again with a later date, if it is still needed")
        }
    }

    /// Whole days, rounded up.
    private static func days(_ seconds: Int64) -> String {
        let days = (seconds + day - 1) / day
        return days == 1 ? "1 day" : "\(days) days"
    }

    // MARK: Controls

    private mutating func controls() {
        let frameworks = governance.all(.complianceFramework)
        if frameworks.isEmpty { return }
        var covered: Set<String> = []
        for policy in governance.policies { covered.formUnion(policy.spec.texts("controls")) }
        for document in frameworks {
            for control in ComplianceFramework(spec: document.spec).controls
            where control.policies.isEmpty && !covered.contains("\(document.plainName)/\(control.id.value)") {
                report(
                    .uncoveredControl, "no policy implements the control `\(document.plainName)/\(control.id.value)`", at: control.id.span,
                    help: "name policies in its `policies`, or the control in a policy's `controls`",
                    severity: control.hasEvidence ? .note : nil)
            }
        }
    }

    // MARK: Budgets

    private struct Limit {
        var document: Document
        /// In 10⁻⁹ of the currency.
        var amount: Int64
        var span: SourceSpan
    }

    private struct Scope: Hashable {
        var period: String
        /// Nil for the whole organisation.
        var team: String?
    }

    /// Budgets are compared with the nearest one above that has the same period.
    private mutating func budgets() {
        let documents = governance.all(.budget)
        if documents.isEmpty { return }
        var limits: [Scope: Limit] = [:]
        var others: [(parents: [Scope], limit: Limit)] = []
        for document in documents {
            guard let period = document.spec.string("period")?.value, let amount = document.spec.nanoUnits("limit"),
                let scope = document.spec["scope"]
            else { continue }
            let limit = Limit(document: document, amount: amount.value, span: amount.span)
            let own: Scope
            if let team = scope["team"]?.text {
                own = Scope(period: period, team: team)
            } else if scope["organization"] != nil {
                own = Scope(period: period, team: nil)
            } else {
                others.append((parents(of: scope, period), limit))
                continue
            }
            // Of several for one team the tightest is what holds.
            if let other = limits[own], other.amount <= limit.amount { continue }
            limits[own] = limit
        }
        var sums: [Scope: (amount: Int64, names: [String])] = [:]
        for (scope, limit) in limits.sorted(by: { $0.value.document.plainName < $1.value.document.plainName }) {
            guard let team = scope.team, let above = nearest(above: team, scope.period, limits), let parent = limits[above] else {
                continue
            }
            compare(limit, parent)
            // What is above the parent by itself was told by itself.
            if limit.amount > parent.amount { continue }
            let sum = sums[above] ?? (0, [])
            let (amount, overflow) = sum.amount.addingReportingOverflow(limit.amount)
            sums[above] = (overflow ? .max : amount, sum.names + [limit.document.plainName])
        }
        for (parents, limit) in others {
            // What a person spends counts in every team that he is in: the tightest is what he meets.
            let tightest = parents.compactMap { limits[$0] }.min {
                ($0.amount, $0.document.plainName) < ($1.amount, $1.document.plainName)
            }
            if let tightest { compare(limit, tightest) }
        }
        for (scope, sum) in sums {
            guard let parent = limits[scope], sum.amount > parent.amount, sum.names.count > 1 else { continue }
            let total = sum.amount == .max ? "more than can be counted" : Decimal.text(nanoUnits: sum.amount)
            report(
                .overcommittedBudget,
                "the budgets below `\(parent.document.plainName)` come to \(total) together, it allows \(Decimal.text(nanoUnits: parent.amount))",
                at: parent.span, help: "they are \(Self.list(sum.names)); what one of them spends another cannot")
        }
    }

    /// Where a limit on a person stands: below the teams that he is in, then below the organisation.
    private func parents(of scope: SpecNode, _ period: String) -> [Scope] {
        var parents: [Scope] = []
        if let user = scope["user"]?.text {
            for team in governance.all(.team) {
                var isMember = false
                Team(spec: team.spec).forEachMemberName { if $0 == user { isMember = true } }
                if isMember { parents += ancestors(of: team.plainName).map { Scope(period: period, team: $0) } }
            }
        }
        return parents + [Scope(period: period, team: nil)]
    }

    private func nearest(above team: String, _ period: String, _ limits: [Scope: Limit]) -> Scope? {
        let above = ancestors(of: team).dropFirst().map { Scope(period: period, team: $0) } + [Scope(period: period, team: nil)]
        return above.first { limits[$0] != nil }
    }

    private mutating func compare(_ limit: Limit, _ parent: Limit) {
        guard limit.amount > parent.amount else { return }
        let (own, above) = (Decimal.text(nanoUnits: limit.amount), Decimal.text(nanoUnits: parent.amount))
        report(
            .budgetAboveParent,
            "the budget `\(limit.document.plainName)` of \(own) can never be reached: `\(parent.document.plainName)` above it allows \(above)",
            at: limit.span, related: parent.span, label: "the limit above", help: "lower it, or raise the one above")
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

/// How many subjects have each role, kept from version to version: there may be very many subjects.
struct RoleHolders {
    private let governance: Governance
    private let counts: [String: Int]

    /// For each role, whether some subject or team has it, or some role of which that is so inherits it.
    let isUsed: [Bool]

    init(_ governance: Governance, _ closures: Closures, known: RoleHolders?) {
        self.governance = governance
        var counts = known?.counts ?? [:]
        for kind in SemanticChecker.subjectKinds {
            for change in governance.changes(kind, from: known?.governance) {
                for role in change.old?.spec.texts("roles") ?? [] { counts[role, default: 0] -= 1 }
                for role in change.new?.spec.texts("roles") ?? [] { counts[role, default: 0] += 1 }
            }
        }
        let roles = governance.all(.role)
        isUsed = closures.rolesInUse { counts[roles[$0].plainName, default: 0] > 0 }
        self.counts = counts
    }
}
