import PolicyBundle
import PolicyEngine

/// Puts names to a tally's rows.
struct ImpactNaming {
    let base: PolicyEngine
    let head: PolicyEngine
    let alignment: RuleAlignment

    func report(_ tally: ReplayTally) -> ImpactReport {
        var report = ImpactReport(base: Self.side(base), head: Self.side(head), currency: head.bundle.meta(.currency))
        report.lineCount = tally.records + tally.faults.malformed
        report.replayedCount = tally.replayed
        report.times = tally.times
        report.unlikeRecordedCount = tally.unlikeRecorded
        report.newDenials = flips(tally.newDenials, allowing: base, refusing: head, alignment.headNames)
        report.newPermissions = flips(tally.newPermissions, allowing: head, refusing: base, alignment.baseNames)
        report.stillAllowedCount = tally.same.allowed
        report.stillDeniedCount = tally.same.denied
        for part in ImpactReport.Part.allCases { report.differing[part] = tally.same.differing[part] ?? 0 }
        report.shifts = tally.same.shifts.map { key, shift in
            let name = name(of: key.rule)
            return ImpactReport.Shift(
                part: key.part, policy: name.policy, rule: name.rule, gained: shift.gained, lost: shift.lost,
                changed: shift.changed)
        }.sorted { Self.order($0) < Self.order($1) }
        report.spending = .init(base: Self.cost(tally.spending.base), head: Self.cost(tally.spending.head))
        report.faultCounts = [
            .malformed: tally.faults.malformed, .undecidable: tally.faults.undecidable, .masked: tally.faults.masked,
        ]
        report.faults = tally.faults.examples.map { .init(line: $0.line, kind: $0.kind, detail: $0.detail) }
        return report
    }

    /// A bundle of files on disk names no commit.
    private static func side(_ engine: PolicyEngine) -> ImpactReport.Side {
        .init(commit: engine.commit.allSatisfy { $0 == "0" } ? nil : engine.commit, digest: engine.digest)
    }

    private static func cost(_ tally: CostTally) -> ImpactReport.Cost { .init(nanoUnits: tally.sum, unknownCount: tally.unknown) }

    private func name(of rule: SameTally.Rule) -> RuleName.Key {
        switch rule {
        case .head(let row): alignment.headNames[row].key
        case .base(let row): alignment.baseNames[row].key
        }
    }

    // MARK: Flips

    private func flips(
        _ tally: FlipTally, allowing: PolicyEngine, refusing: PolicyEngine, _ rules: [RuleName]
    ) -> ImpactReport.Flips {
        var flips = ImpactReport.Flips()
        flips.count = tally.count
        flips.cost = Self.cost(tally.cost)
        flips.causes = tally.causes.map { cause, count in
            var named = Self.cause(cause, allowing, rules)
            named.count = count
            return named
        }.sorted { Self.order($0) < Self.order($1) }
        flips.subjects = tally.subjects.map { row, subject in
            let isAccount = allowing.bundle.word(.subj, row, SubjectColumn.flags) & SubjectColumn.serviceAccount != 0
            return ImpactReport.Subject(
                type: isAccount ? "service-account" : "user", name: allowing.bundle.string(.subj, row, SubjectColumn.name),
                count: subject.count, cost: Self.cost(subject.cost))
        }.sorted { (-$0.count, $0.type, $0.name) < (-$1.count, $1.type, $1.name) }
        flips.teams = Self.teams(tally.subjects, allowing.bundle)
        flips.examples = tally.examples.map { example in
            ImpactReport.Example(
                line: example.line, at: example.at, subject: example.subject, action: example.action, resource: example.resource,
                causes: example.causes.map { Self.cause($0, allowing, rules) })
        }
        return flips
    }

    /// - Parameter rules: of the side that refuses.
    private static func cause(_ cause: FlipCause, _ allowing: PolicyEngine, _ rules: [RuleName]) -> ImpactReport.Cause {
        switch cause {
        case .rule(let row, let code):
            let name = rules[row]
            return .init(code: code.rawValue, policy: name.key.policy, rule: name.key.rule, source: name.source)
        case .target(let code, let target):
            let names = allowing.name(of: target)
            return .init(code: code.rawValue, action: names.action, resource: names.resource)
        case .subject(let code): return .init(code: code.rawValue)
        case .unreadable(let detail): return .init(code: "invalid-request", detail: detail)
        }
    }

    /// Every team that one of the subjects is in, the teams above it included.
    private static func teams(_ subjects: [Int: FlipTally.Subject], _ bundle: PolicyBundle) -> [ImpactReport.Team] {
        var tallies: [Int: (subjects: Int, count: Int, cost: CostTally)] = [:]
        for (row, subject) in subjects {
            let group = bundle.index(.subj, row, SubjectColumn.subjectClass)
            for team in bundle.list(.clss, group, ClassColumn.teams) {
                var tally = tallies[team] ?? (0, 0, CostTally())
                tally.subjects += 1
                tally.count += subject.count
                tally.cost.add(subject.cost)
                tallies[team] = tally
            }
        }
        return tallies.map { row, tally in
            ImpactReport.Team(
                name: bundle.string(.team, row, TeamColumn.name), subjects: tally.subjects, count: tally.count, cost: cost(tally.cost))
        }.sorted { (-$0.count, $0.name) < (-$1.count, $1.name) }
    }

    // MARK: Order

    private struct Order: Comparable {
        var count: Int
        var texts: [String]

        static func < (one: Order, other: Order) -> Bool {
            one.count == other.count ? one.texts.lexicographicallyPrecedes(other.texts) : one.count > other.count
        }
    }

    private static func order(_ cause: ImpactReport.Cause) -> Order {
        Order(
            count: cause.count,
            texts: [cause.code, cause.policy, cause.rule, cause.action, cause.resource, cause.detail].map { $0 ?? "" })
    }

    private static func order(_ shift: ImpactReport.Shift) -> Order {
        Order(count: shift.gained + shift.lost + shift.changed, texts: [shift.part.rawValue, shift.policy, shift.rule])
    }
}
