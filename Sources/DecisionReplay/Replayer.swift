import Glibc
import JSON
import PolicyEngine

/// Decides the records of pieces of a log by both bundles. One thread's.
///
/// What is the same on both sides, as most of it is, costs two decisions and a comparison of numbers. Memory is taken where an answer changes.
final class Replayer {
    private let base: DecisionSession
    private let head: DecisionSession
    private let alignment: RuleAlignment
    private let hiddenParts: HiddenParts
    private let tape = JSONTape()

    init(_ base: PolicyEngine, _ head: PolicyEngine, _ alignment: RuleAlignment, _ hiddenParts: HiddenParts) {
        self.base = DecisionSession(base)
        self.head = DecisionSession(head)
        self.alignment = alignment
        self.hiddenParts = hiddenParts
    }

    /// - Parameter text: whole lines, of which the last may lack its end.
    func replay(_ text: UnsafeRawBufferPointer) -> ReplayTally {
        var tally = ReplayTally()
        var start = 0
        while start < text.count, let base = text.baseAddress {
            let end = memchr(base + start, 0x0a, text.count - start).map { base.distance(to: UnsafeRawPointer($0)) } ?? text.count
            tally.lines += 1
            let line = UnsafeRawBufferPointer(rebasing: text[start..<end])
            if !Self.isBlank(line) { replay(line: line, &tally) }
            start = end + 1
        }
        return tally
    }

    private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        line.first != UInt8(ascii: "{") && line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    }

    private func replay(line: UnsafeRawBufferPointer, _ tally: inout ReplayTally) {
        let number = tally.lines
        let record: LogLine
        do throws(LogLine.Fault) {
            record = try LogLine(line)
        } catch {
            return tally.faults.note(.malformed, line: number, error.detail)
        }
        tally.records += 1
        let hidden = record.isMasked ? hiddenPaths(record) : []
        if let decisive = hidden.first(where: { hiddenParts.decides($0) }) {
            return tally.faults.note(.masked, line: number, "`\(HiddenText.pointer(decisive))` was masked or erased, and decides something")
        }
        let faults = (base: Self.decide(record, base), head: Self.decide(record, head))
        // What stands for something hidden may be no value for it, even where no condition reads it.
        if let fault = faults.base ?? faults.head, hidden.contains(where: { fault.pointer.hasPrefix(HiddenText.pointer($0)) }) {
            return tally.faults.note(.masked, line: number, "\(fault): it was masked or erased")
        }
        if let fault = faults.base, faults.head != nil { return tally.faults.note(.undecidable, line: number, fault.description) }
        tally.replayed += 1
        tally.note(time: record.at)
        count(record, faults, &tally)
    }

    /// The parts of the request that were left out or changed.
    private func hiddenPaths(_ record: LogLine) -> [[String]] {
        if record.hidden.masked == nil, record.hidden.erased == nil {
            // A request that is no JSON is told of as such when it is decided.
            return HiddenText.paths(in: record.request, tape) ?? []
        }
        // Where it is not told what is hidden, all of it may be.
        return [record.hidden.masked, record.hidden.erased].flatMap { list in list.map { HiddenText.paths(of: $0) ?? [[]] } ?? [] }
    }

    /// Why the request cannot be decided; nil if it was.
    private static func decide(_ record: LogLine, _ session: DecisionSession) -> RequestError? {
        do throws(RequestError) {
            try session.decode(record.request, now: record.at)
        } catch {
            return error
        }
        session.decide()
        return nil
    }

    // MARK: Comparing

    private func count(_ record: LogLine, _ faults: (base: RequestError?, head: RequestError?), _ tally: inout ReplayTally) {
        let wasAllowed = faults.base == nil && base.isAllowed
        let isAllowed = faults.head == nil && head.isAllowed
        if let recorded = record.recordedAnswer, recorded != wasAllowed { tally.unlikeRecorded += 1 }
        if wasAllowed { tally.spending.base.note(base.estimatedCost) }
        if isAllowed { tally.spending.head.note(head.estimatedCost) }
        switch (wasAllowed, isAllowed) {
        case (true, false): flip(record, allowing: base, refusing: head, faults.head, line: tally.lines, &tally.newDenials)
        case (false, true): flip(record, allowing: head, refusing: base, faults.base, line: tally.lines, &tally.newPermissions)
        default:
            if isAllowed { tally.same.allowed += 1 } else { tally.same.denied += 1 }
            if faults.base != nil || faults.head != nil {
                tally.same.differing[.reasons, default: 0] += 1
            } else if !isPlainlyAlike {
                compare(&tally.same)
            }
        }
    }

    private func flip(
        _ record: LogLine, allowing: DecisionSession, refusing: DecisionSession, _ fault: RequestError?, line: Int, _ tally: inout FlipTally
    ) {
        // INVARIANT: what is allowed has a subject.
        tally.note(subject: allowing.subjectRow ?? 0, cost: allowing.estimatedCost)
        let causes = Self.causes(allowing, refusing, fault)
        for cause in causes { tally.note(cause: cause) }
        guard tally.needsExample else { return }
        let names = allowing.names
        func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
        tally.examples.append(
            FlipTally.Example(
                line: line, at: record.at, subject: "\(text(names.subjectType)):\(text(names.subjectID))", action: text(names.action),
                resource: "\(text(names.resourceType)):\(text(names.resourceID))", causes: causes))
    }

    private static func causes(_ allowing: DecisionSession, _ refusing: DecisionSession, _ fault: RequestError?) -> [FlipCause] {
        if let fault { return [.unreadable(fault.description)] }
        switch refusing.refusalCode {
        case .unknownSubject: return [.subject(.unknownSubject)]
        case .subjectDisabled: return [.subject(.subjectDisabled)]
        case let code?: return [.target(code, allowing.target)]
        case nil: break
        }
        return (0..<refusing.ruleCount).compactMap { number in
            let rule = refusing.appliedRule(number)
            return rule.list == .reasons ? .rule(rule.rule, rule.code) : nil
        }
    }

    /// Whether the same rules did the same, found out without any memory. If not, what differs is still to be seen.
    private var isPlainlyAlike: Bool {
        guard base.refusalCode == head.refusalCode, base.ruleCount == head.ruleCount else { return false }
        for number in 0..<base.ruleCount {
            let (one, other) = (base.appliedRule(number), head.appliedRule(number))
            guard alignment.headRows[one.rule] == other.rule, alignment.isAlike[one.rule], one.isError == other.isError else {
                return false
            }
        }
        return true
    }

    private func compare(_ tally: inout SameTally) {
        let bases = (0..<base.ruleCount).map { base.appliedRule($0) }
        let heads = (0..<head.ruleCount).map { head.appliedRule($0) }
        let byBase = Dictionary(bases.map { ($0.rule, $0) }, uniquingKeysWith: { first, _ in first })
        let byHead = Dictionary(heads.map { ($0.rule, $0) }, uniquingKeysWith: { first, _ in first })
        let haveOtherObligations =
            (bases + heads).contains(where: \.isObligation) && base.obligations != head.obligations
        for part in ImpactReport.Part.allCases {
            if part == .obligations, !haveOtherObligations { continue }
            var differs = part == .reasons && base.refusalCode != head.refusalCode
            if part == .obligations { differs = true }
            for rule in heads where rule.takesPart(in: part) {
                let key = SameTally.Key(part: part, rule: .head(rule.rule))
                let before = alignment.baseRows[rule.rule].flatMap { byBase[$0] }
                if let before, before.takesPart(in: part) {
                    guard part == .obligations, !alignment.isAlike[before.rule] else { continue }
                    tally.shifts[key, default: .init()].changed += 1
                } else {
                    tally.shifts[key, default: .init()].gained += 1
                }
                differs = true
            }
            for rule in bases where rule.takesPart(in: part) {
                let row = alignment.headRows[rule.rule]
                if let row, byHead[row]?.takesPart(in: part) == true { continue }
                tally.shifts[.init(part: part, rule: row.map { .head($0) } ?? .base(rule.rule)), default: .init()].lost += 1
                differs = true
            }
            if differs { tally.differing[part, default: 0] += 1 }
        }
    }
}

extension DecisionSession.AppliedRule {
    fileprivate func takesPart(in part: ImpactReport.Part) -> Bool {
        switch part {
        case .reasons: list == .reasons
        case .obligations: isObligation
        case .warnings: list == .warnings
        case .records: list == .records
        }
    }
}
