import PolicyEngine

/// What the records of a part of a log came to, in rows of the bundles. Parts are added up in the log's order, whoever has counted them.
struct ReplayTally {
    /// Lines of the text.
    var lines = 0
    /// Lines that are records of decisions.
    var records = 0
    var replayed = 0
    /// Records whose answer was another one than the base's.
    var unlikeRecorded = 0
    /// Of the records replayed, in nanoseconds since 1970.
    var times: ClosedRange<Int64>?
    /// Allowed by the base, not by the head.
    var newDenials = FlipTally()
    /// Allowed by the head, not by the base.
    var newPermissions = FlipTally()
    var same = SameTally()
    /// The estimated cost of what each side allows.
    var spending = (base: CostTally(), head: CostTally())
    var faults = FaultTally()

    mutating func note(time: Int64) {
        times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
    }

    mutating func add(_ other: ReplayTally) {
        newDenials.add(other.newDenials, after: lines)
        newPermissions.add(other.newPermissions, after: lines)
        faults.add(other.faults, after: lines)
        same.add(other.same)
        spending.base.add(other.spending.base)
        spending.head.add(other.spending.head)
        lines += other.lines
        records += other.records
        replayed += other.replayed
        unlikeRecorded += other.unlikeRecorded
        if let times = other.times {
            note(time: times.lowerBound)
            note(time: times.upperBound)
        }
    }
}

/// Estimated costs, in 10⁻⁹ of the currency.
struct CostTally: Equatable {
    var sum: Int128 = 0
    /// Requests whose cost cannot be told.
    var unknown = 0

    mutating func note(_ cost: Int64?) { if let cost { sum += Int128(cost) } else { unknown += 1 } }

    mutating func add(_ other: CostTally) {
        sum += other.sum
        unknown += other.unknown
    }
}

/// Why the side that does not allow does not.
enum FlipCause: Hashable {
    /// A rule, by its row in that side's bundle.
    case rule(Int, Decision.Reason.Code)
    /// What the subject was permitted on the other side, by rows of that side's bundle.
    case target(Decision.Reason.Code, DecisionSession.Target)
    /// The subject itself.
    case subject(Decision.Reason.Code)
    /// That side cannot read the request.
    case unreadable(String)
}

/// Records whose answer changes in one direction.
struct FlipTally {
    struct Subject: Equatable {
        var count = 0
        var cost = CostTally()
    }

    /// One of the records, as it is told of.
    struct Example {
        var line: Int
        var at: Int64
        var subject: String
        var action: String
        var resource: String
        var causes: [FlipCause]
    }

    private static let mostExamples = 5
    /// Different texts of what cannot be read, of which a request may make as many as it likes.
    private static let mostUnreadable = 64
    private static let otherUnreadable = FlipCause.unreadable("the request cannot be read, in other ways")

    var count = 0
    var cost = CostTally()
    var causes: [FlipCause: Int] = [:]
    private var unreadableCount = 0
    /// By row in the bundle that allows.
    var subjects: [Int: Subject] = [:]
    var examples: [Example] = []

    var needsExample: Bool { examples.count < Self.mostExamples }

    mutating func note(cause: FlipCause, count: Int = 1) {
        var cause = cause
        if case .unreadable = cause, causes[cause] == nil {
            if unreadableCount < Self.mostUnreadable { unreadableCount += 1 } else { cause = Self.otherUnreadable }
        }
        causes[cause, default: 0] += count
    }

    mutating func note(subject: Int, cost: Int64?) {
        count += 1
        self.cost.note(cost)
        subjects[subject, default: Subject()].count += 1
        subjects[subject]?.cost.note(cost)
    }

    mutating func add(_ other: FlipTally, after lines: Int) {
        if other.count == 0 { return }
        count += other.count
        cost.add(other.cost)
        // In an order that is always the same: which texts are told apart must not depend on where a dictionary keeps them.
        for (cause, count) in other.causes.sorted(by: { Self.order($0.key) < Self.order($1.key) }) { note(cause: cause, count: count) }
        for (row, subject) in other.subjects {
            subjects[row, default: Subject()].count += subject.count
            subjects[row]?.cost.add(subject.cost)
        }
        for example in other.examples where needsExample {
            examples.append(example)
            examples[examples.count - 1].line += lines
        }
    }

    private static func order(_ cause: FlipCause) -> String { if case .unreadable(let text) = cause { text } else { "" } }
}

/// What else changes where the answer stays.
struct SameTally {
    /// A rule by its row: in the head, or in the base where the head does not have it.
    enum Rule: Hashable {
        case head(Int)
        case base(Int)
    }

    struct Key: Hashable {
        var part: ImpactReport.Part
        var rule: Rule
    }

    /// How often a rule takes effect that did not before, does not any more, or does something else.
    struct Shift: Equatable {
        var gained = 0
        var lost = 0
        var changed = 0
    }

    var allowed = 0
    var denied = 0
    /// Records in which a part is not as it was.
    var differing: [ImpactReport.Part: Int] = [:]
    var shifts: [Key: Shift] = [:]

    mutating func add(_ other: SameTally) {
        allowed += other.allowed
        denied += other.denied
        differing.merge(other.differing) { $0 + $1 }
        for (key, shift) in other.shifts {
            shifts[key, default: Shift()].gained += shift.gained
            shifts[key]?.lost += shift.lost
            shifts[key]?.changed += shift.changed
        }
    }
}

/// Lines that cannot be replayed.
struct FaultTally {
    struct Fault {
        var line: Int
        var kind: ImpactReport.Fault.Kind
        var detail: String
    }

    private static let mostExamples = 5

    var malformed = 0
    var undecidable = 0
    var masked = 0
    var examples: [Fault] = []

    mutating func note(_ kind: ImpactReport.Fault.Kind, line: Int, _ detail: @autoclosure () -> String) {
        switch kind {
        case .malformed: malformed += 1
        case .undecidable: undecidable += 1
        case .masked: masked += 1
        }
        if examples.count < Self.mostExamples { examples.append(Fault(line: line, kind: kind, detail: detail())) }
    }

    mutating func add(_ other: FaultTally, after lines: Int) {
        malformed += other.malformed
        undecidable += other.undecidable
        masked += other.masked
        for fault in other.examples where examples.count < Self.mostExamples {
            examples.append(Fault(line: fault.line + lines, kind: fault.kind, detail: fault.detail))
        }
    }
}
