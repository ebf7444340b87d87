import JSON

/// What a change would have done to the decisions of a log, by names.
public struct ImpactReport: Sendable, Equatable {
    /// One of the two versions that are compared.
    public struct Side: Sendable, Equatable {
        /// Nil for files on disk.
        public var commit: String?
        /// SHA-256 of the bundle, in hexadecimal.
        public var digest: String
    }

    /// An estimated cost.
    public struct Cost: Sendable, Equatable {
        /// In 10⁻⁹ of the currency, exactly.
        public var nanoUnits: Int128 = 0
        /// Requests that add nothing to it, as theirs cannot be told.
        public var unknownCount = 0

        public var text: String { Decimal.text(sumOfNanoUnits: nanoUnits) }
    }

    /// The estimated cost of all that each side allows.
    public struct Spending: Sendable, Equatable {
        public var base = Cost()
        public var head = Cost()
    }

    /// Why the side that does not allow does not. A record may have several.
    public struct Cause: Sendable, Equatable {
        /// As reasons of decisions have it; `invalid-request` for a request that the side cannot read.
        public var code: String
        public var policy: String?
        public var rule: String?
        /// `path:line` of the rule in the commit that does not allow.
        public var source: String?
        /// What is permitted on the other side alone; no action where no document names it.
        public var action: String?
        public var resource: String?
        /// What cannot be read, and how it must be.
        public var detail: String?
        public var count = 0
    }

    public struct Subject: Sendable, Equatable {
        /// `user` or `service-account`.
        public var type: String
        public var name: String
        public var count: Int
        public var cost: Cost
    }

    /// A team with those of its subjects, and of teams below it, whose answers change.
    public struct Team: Sendable, Equatable {
        public var name: String
        public var subjects: Int
        public var count: Int
        public var cost: Cost
    }

    /// A record whose answer changes.
    public struct Example: Sendable, Equatable {
        public var line: Int
        /// Nanoseconds since 1970.
        public var at: Int64
        public var subject: String
        public var action: String
        public var resource: String
        public var causes: [Cause]
    }

    /// Records whose answer changes in one direction. Lists are complete, the largest first.
    public struct Flips: Sendable, Equatable {
        public var count = 0
        /// Of these requests, on the side that allows them.
        public var cost = Cost()
        public var causes: [Cause] = []
        /// As the side that allows has them.
        public var subjects: [Subject] = []
        public var teams: [Team] = []
        /// The first few.
        public var examples: [Example] = []
    }

    /// What a rule does beside the answer, in records whose answer stays.
    public struct Shift: Sendable, Equatable {
        public var part: Part
        public var policy: String
        public var rule: String
        /// Records in which it takes effect in the head alone.
        public var gained: Int
        /// Records in which it takes effect in the base alone.
        public var lost: Int
        /// Records in which what it asks for is something else.
        public var changed: Int
    }

    /// A part of a decision.
    public enum Part: String, Sendable, CaseIterable {
        case reasons, obligations, warnings, records
    }

    /// A line that was not replayed.
    public struct Fault: Sendable, Equatable {
        public enum Kind: String, Sendable, CaseIterable {
            /// It is no record of a decision.
            case malformed
            /// Neither side can read the request.
            case undecidable
            /// A mask has taken out of the request what decides something.
            case masked
        }

        public var line: Int
        public var kind: Kind
        public var detail: String
    }

    public var base: Side
    public var head: Side
    /// Of the head's organisation, e.g. `USD`.
    public var currency: String
    /// Lines that are not blank.
    public var lineCount = 0
    public var replayedCount = 0
    /// When the first and the last record were decided, in nanoseconds since 1970.
    public var times: ClosedRange<Int64>?
    /// Records that were answered otherwise than the base answers them now.
    public var unlikeRecordedCount = 0
    public var newDenials = Flips()
    public var newPermissions = Flips()
    public var stillAllowedCount = 0
    public var stillDeniedCount = 0
    /// Records whose answer stays and that differ in this part. Messages are not compared.
    public var differing: [Part: Int] = [:]
    public var shifts: [Shift] = []
    public var spending = Spending()
    public var faultCounts: [Fault.Kind: Int] = [:]
    /// The first few.
    public var faults: [Fault] = []

    /// Lines that were not replayed.
    public var unreadableCount: Int { faultCounts.values.reduce(0, +) }

    public init(base: Side, head: Side, currency: String) {
        self.base = base
        self.head = head
        self.currency = currency
    }
}
