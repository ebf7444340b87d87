/// Counts what a batch of decisions adds to violations: one for each policy, subject and window.
struct ViolationTally {
    struct Key: Hashable, Comparable {
        var policy: String
        var subjectType: String
        var subjectID: String
        /// Nanoseconds since 1970 of the window's beginning.
        var window: Int64

        static func < (one: Key, other: Key) -> Bool {
            if one.policy != other.policy { return one.policy < other.policy }
            if one.subjectID != other.subjectID { return one.subjectID < other.subjectID }
            return (one.subjectType, one.window) < (other.subjectType, other.window)
        }
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

    private var places: [Key: Int] = [:]
    private var keys: [Key] = []
    private var sums: [Sum] = []

    var isEmpty: Bool { keys.isEmpty }

    /// All, in one order, so that two servers that add to the same violations do not wait for each other in a circle.
    var sorted: [(key: Key, sum: Sum)] {
        keys.indices.sorted { keys[$0] < keys[$1] }.map { (keys[$0], sums[$0]) }
    }

    mutating func add(_ record: DecisionRecord) {
        if record[.hits].isEmpty { return }
        let at = record.at
        let (quotient, remainder) = at.quotientAndRemainder(dividingBy: Self.window)
        let window = (quotient - (remainder < 0 ? 1 : 0)) * Self.window
        let (subjectType, subjectID, action) = (record.columnText(.subjectType), record.columnText(.subjectID), record.columnText(.action))
        let resource = "\(record.columnText(.resourceType)):\(record.columnText(.resourceID))"
        let hits = record.hits
        for (number, hit) in hits.enumerated() where !hits[..<number].contains(where: { $0.policy == hit.policy }) {
            let place = place(of: Key(policy: hit.policy, subjectType: subjectType, subjectID: subjectID, window: window))
            if place == sums.count {
                sums.append(
                    Sum(
                        severity: hit.severity, first: at, last: at, rule: hit.rule, action: action, resource: resource, decision: record.id
                    ))
            }
            sums[place].count += 1
            if hit.outcome == .denied { sums[place].denied += 1 }
            sums[place].first = min(sums[place].first, at)
            if at >= sums[place].last {
                sums[place].last = at
                sums[place].rule = hit.rule
                sums[place].action = action
                sums[place].resource = resource
                sums[place].decision = record.id
            }
        }
    }

    /// - Returns: the number of sums, if there is none yet: the caller adds it.
    private mutating func place(of key: Key) -> Int {
        if let place = places[key] { return place }
        places[key] = keys.count
        keys.append(key)
        return keys.count - 1
    }
}

extension DecisionRecord {
    /// A text as a column of Postgres takes it, which holds no NUL.
    func columnText(_ text: Text) -> String {
        let string = string(text)
        return string.utf8.contains(0) ? string.replacing("\0", with: "\u{FFFD}") : string
    }
}
