/// Counts what a batch of decisions adds to violations: one for each policy, subject and window.
struct ViolationTally {
    struct Key: Hashable {
        var policy: String
        var subjectType: String
        var subjectID: String
        /// Nanoseconds since 1970 of the window's beginning.
        var window: Int64
    }

    struct Sum {
        var count = 0
        var denied = 0
        var severity: String
        var first: Int64
        var last: Int64
        /// The rule, the action and the resource of the last one, and its id.
        var rule: String
        var action: String
        var resource: String
        var decision: (high: UInt64, low: UInt64)
    }

    /// Nanoseconds of a window: a day of UTC.
    static let window: Int64 = 86_400_000_000_000

    private(set) var sums: [Key: Sum] = [:]

    mutating func add(_ record: DecisionRecord) {
        if record[.hits].isEmpty { return }
        let at = record.at
        let (quotient, remainder) = at.quotientAndRemainder(dividingBy: Self.window)
        let window = (quotient - (remainder < 0 ? 1 : 0)) * Self.window
        var seen: Set<String> = []
        for hit in record.hits where seen.insert(hit.policy).inserted {
            let key = Key(
                policy: hit.policy, subjectType: record.columnText(.subjectType), subjectID: record.columnText(.subjectID), window: window)
            let resource = "\(record.columnText(.resourceType)):\(record.columnText(.resourceID))"
            var sum =
                sums[key]
                ?? Sum(
                    severity: hit.severity, first: at, last: at, rule: hit.rule, action: record.columnText(.action), resource: resource,
                    decision: record.id)
            sum.count += 1
            if hit.outcome == .denied { sum.denied += 1 }
            sum.first = min(sum.first, at)
            if at >= sum.last {
                sum.last = at
                sum.rule = hit.rule
                sum.action = record.columnText(.action)
                sum.resource = resource
                sum.decision = record.id
            }
            sums[key] = sum
        }
    }
}

extension DecisionRecord {
    /// A text as a column of Postgres takes it, which holds no NUL.
    func columnText(_ text: Text) -> String {
        let string = string(text)
        return string.utf8.contains(0) ? string.replacing("\0", with: "\u{FFFD}") : string
    }
}
