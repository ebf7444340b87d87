import GovernanceModel
import Postgres

/// What is done about drift from the commit that is in force.
public struct DriftPolicy: Sendable, Equatable {
    public var mode: Organization.DriftMode
    /// Kinds with a mode of their own.
    public var modes: [Kind: Organization.DriftMode] = [:]
    /// Whether what no trigger has noticed is corrected in any mode: it may have stood there before the commit, which overtakes it.
    public var correctsUnnoticed = false
    /// A field that was corrected so often, within so many seconds, is fought over: it is left and told of instead.
    public var fightAfter = 5
    public var fightSeconds = 3_600

    public static let correct = DriftPolicy(mode: .correct)
    public static let report = DriftPolicy(mode: .report)

    public init(mode: Organization.DriftMode, modes: [Kind: Organization.DriftMode] = [:]) {
        self.mode = mode
        self.modes = modes
    }

    /// Whether drift of this kind is corrected.
    public func corrects(_ kind: Kind) -> Bool { (modes[kind] ?? mode) == .correct }

    func corrects(_ difference: SyncPlan.Difference, of plan: SyncPlan) -> Bool {
        corrects(difference.kind) || (correctsUnnoticed && plan.touches[difference.id] == nil)
    }
}

/// The fields that somebody keeps changing back.
struct DriftFights {
    private var fields: Set<[String]> = []

    /// Reads from the history what was corrected too often.
    init(_ policy: DriftPolicy, _ connection: PostgresConnection) throws(PostgresError) {
        let rows = try connection.query(
            SQLTemplates.fill(PackageResources.read_corrections_sql, [:]),
            [.int(Int64(policy.fightSeconds)), .int(Int64(policy.fightAfter))])
        for row in rows { fields.insert([try row.text("kind"), try row.text("name"), try row.text("field")]) }
    }

    /// Whether all that differs is fought over. What differs beside it is corrected, and the rest with it: under cover of a fight about one field
    /// nothing else is left.
    func concern(_ difference: SyncPlan.Difference) -> Bool {
        if fields.isEmpty { return false }
        let object = [difference.kind.rawValue, difference.name]
        // What was added or removed as a whole has the fields that it had; one that has none is known by its absence.
        if difference.fields.isEmpty { return fields.contains(object + [""]) }
        return difference.fields.allSatisfy { fields.contains(object + [$0.field]) }
    }
}

extension SyncPlan {
    /// The plan without the objects that are not to be touched, and those.
    func split(_ isLeft: (Difference) -> Bool) -> (done: SyncPlan, left: SyncPlan) {
        let leftOver = differences.filter(isLeft)
        if leftOver.isEmpty { return (self, SyncPlan()) }
        let names = Set(leftOver.map(\.id))
        func part(_ isWanted: (String) -> Bool) -> SyncPlan {
            var plan = self
            plan.differences = differences.filter { isWanted($0.id) }
            plan.touches = touches.filter { isWanted($0.key) }
            plan.tables = tables.compactMap { table in
                var table = table
                func id(_ name: String) -> String { Difference.id(table.layout.kind, name) }
                table.writes = table.writes.filter { isWanted(id($0.block.name)) }
                table.deletes = table.deletes.filter { isWanted(id(ColumnExpressions.object($0, table.layout))) }
                return table.writes.isEmpty && table.deletes.isEmpty ? nil : table
            }
            return plan
        }
        return (part { !names.contains($0) }, part { names.contains($0) })
    }
}
