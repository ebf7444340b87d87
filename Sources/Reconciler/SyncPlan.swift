import Digest
import GovernanceModel
import JSON

/// How the database differs from a commit.
public struct SyncPlan: Sendable {
    public enum Action: String, Sendable {
        /// The commit has the object, the database does not.
        case create
        case update
        /// The database has the object, the commit does not.
        case delete
    }

    /// One field of an object that differs. Texts are as the database prints them; `nil` is absence.
    public struct FieldDifference: Sendable, Equatable {
        /// As documents spell it, e.g. `spec.email`; a membership is `spec.members[user].role`.
        public var field: String
        /// What the commit says.
        public var expected: String?
        /// What the database holds.
        public var actual: String?
    }

    /// One object that differs.
    public struct Difference: Sendable, Equatable {
        public var kind: Kind
        public var name: String
        public var action: Action
        private let own: [FieldDifference]
        /// The row of an object that is created: its fields are worked out when somebody asks. There may be very many.
        var row: StoredRow?
        /// Memberships that a team gets, and other differences of its memberships.
        var memberRows: [StoredRow] = []
        var memberFields: [FieldDifference] = []

        public init(kind: Kind, name: String, action: Action, fields: [FieldDifference]) {
            self.kind = kind
            self.name = name
            self.action = action
            own = fields
        }

        public var fields: [FieldDifference] {
            // INVARIANT: every kind has a layout.
            let created = row.flatMap { row in TableLayout.all.first { $0.kind == kind }.map { row.fields($0) } } ?? []
            let memberships = memberFields + memberRows.flatMap { $0.fields(TableLayout.members) }
            return own + created + memberships.sorted { $0.field < $1.field }
        }

        /// `Kind/name`.
        public var id: String { Self.id(kind, name) }

        static func id(_ kind: Kind, _ name: String) -> String { "\(kind.rawValue)/\(name)" }

        public static func == (a: Self, b: Self) -> Bool {
            a.kind == b.kind && a.name == b.name && a.action == b.action && a.fields == b.fields
        }
    }

    /// By kind and name. A team whose memberships alone differ is an `update` of the team.
    public var differences: [Difference] = []
    /// What it takes away.
    public var losses = Losses()
    /// Who changed an object by hand, by its id; only where that is known.
    public var touches: [String: Touch] = [:]
    var tables: [TablePlan] = []

    /// Rows of one table to be written.
    struct TablePlan: Sendable {
        var layout: TableLayout
        /// Whether the table holds nothing, so that rows can be copied straight into it.
        var isEmptyNow = false
        var deletes: [String] = []
        var writes: [StoredRow] = []
    }

    public var isEmpty: Bool { tables.isEmpty }

    /// Rows that applying the plan writes or removes.
    public var rowCount: Int { tables.reduce(0) { $0 + $1.deletes.count + $1.writes.count } }

    public func count(_ action: Action) -> Int { differences.reduce(0) { $0 + ($1.action == action ? 1 : 0) } }

    /// Identifies what is to be done to a revision for a commit, in hexadecimal: the same only if all of it is the same.
    func digest(from revision: Revision?, to desired: DesiredState) -> String {
        let whole: JSONValue = [
            .int(revision?.epoch ?? 0), .string(revision?.commit ?? ""), .string(desired.commit), .string(desired.digest.description),
            json(telling: [:]),
        ]
        return SHA256Digest(of: JSONWriter.bytes(whole)).description
    }

    /// The differences, with who made them where that is known.
    public var json: JSONValue { json(telling: touches) }

    private func json(telling touches: [String: Touch]) -> JSONValue {
        .array(
            differences.map { difference in
                var object: JSONObject = [
                    "kind": .string(difference.kind.rawValue), "name": .string(difference.name),
                    "action": .string(difference.action.rawValue),
                    "fields": .array(
                        difference.fields.map {
                            [
                                "field": .string($0.field), "expected": $0.expected.map { .string($0) } ?? .null,
                                "actual": $0.actual.map { .string($0) } ?? .null,
                            ]
                        }),
                ]
                if let touch = touches[difference.id] { object["changedBy"] = touch.json }
                return .object(object)
            })
    }
}
