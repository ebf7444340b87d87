import GovernanceModel
import Postgres

/// How one kind is stored: a table of `governance`, a column for each field of the kind's `spec`.
///
/// Columns follow from the schema: text, boolean, bigint and numeric for scalars, `text[]` for lists of words, `jsonb` for what is deeper.
public struct TableLayout: Sendable {
    public enum ColumnType: String, Sendable {
        case text
        case boolean
        case bigint
        case numeric
        case textArray = "text[]"
        case jsonb
    }

    public struct Column: Sendable {
        /// The field as documents spell it, e.g. `spec.costCentre`.
        public var field: String
        public var name: String
        public var type: ColumnType
    }

    /// Without the schema.
    public var table: String
    public var kind: Kind
    /// The columns that identify a row.
    public var keys: [String]
    public var columns: [Column]

    /// Every table, in an order in which rows can be inserted; one for each kind, and one for memberships.
    public static let all: [TableLayout] = Kind.allCases.map { TableLayout(kind: $0) } + [members]

    /// Who is in which team: an edge a row.
    public static let members = TableLayout(
        table: "team_members", kind: .team, keys: ["team", "user"], columns: [Column(field: "role", name: "role", type: .text)])

    private init(table: String, kind: Kind, keys: [String], columns: [Column]) {
        self.table = table
        self.kind = kind
        self.keys = keys
        self.columns = columns
    }

    private init(kind: Kind) {
        let fields = kind.schema.fields.filter { !(kind == .team && $0.name == "members") }
        self.init(
            table: Self.tableName(kind), kind: kind, keys: ["name"],
            columns: [
                Column(field: "metadata.labels", name: "labels", type: .jsonb),
                Column(field: "metadata.annotations", name: "annotations", type: .jsonb),
            ] + fields.map { Column(field: "spec.\($0.name)", name: Self.snakeCase($0.name), type: Self.columnType($0.type)) })
    }

    /// `governance."users"`.
    public var qualifiedName: String { "governance.\(PostgresConnection.quoteIdentifier(table))" }

    private static func columnType(_ type: FieldType) -> ColumnType {
        switch type {
        case .string, .enumeration, .reference: .text
        case .bool: .boolean
        case .integer: .bigint
        case .decimal: .numeric
        case .list(.string, _), .list(.enumeration, _), .list(.reference, _): .textArray
        case .list, .map, .object, .any: .jsonb
        }
    }

    /// `ServiceAccount` → `service_accounts`, `Policy` → `policies`.
    private static func tableName(_ kind: Kind) -> String {
        let name = snakeCase(kind.rawValue)
        return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
    }

    /// `baseURL` → `base_url`, `onExceed` → `on_exceed`.
    static func snakeCase(_ name: String) -> String {
        var result = ""
        var previous: Character?
        for character in name {
            if character.isUppercase, let previous, previous.isLowercase || previous.isNumber { result += "_" }
            result += character.lowercased()
            previous = character
        }
        return result
    }
}
