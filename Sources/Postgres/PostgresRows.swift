import CLibPQ

/// The rows a query returned, read in place from libpq's result.
public struct PostgresRows: Sendable, RandomAccessCollection {
    let storage: PostgresResultStorage

    public var startIndex: Int { 0 }
    public var endIndex: Int { storage.rowCount }

    /// The names of the columns, in order.
    public var columns: [String] { storage.columns }

    /// A row, by its number.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row \(position) of \(count)")
        return PostgresRow(storage: storage, index: position)
    }
}

/// One row. A column that the statement does not return is a programming error, as is an index beyond an array's end.
public struct PostgresRow: Sendable {
    let storage: PostgresResultStorage
    let index: Int

    /// The text of a column, or `nil` for NULL.
    public subscript(name: String) -> String? { storage.text(row: index, column: storage.column(named: name)) }

    /// The text of a column by its number, or `nil` for NULL.
    public subscript(column: Int) -> String? { storage.text(row: index, column: column) }

    /// The text of a column that is never NULL.
    public func text(_ name: String) throws(PostgresError) -> String {
        guard let text = self[name] else { throw unreadable(name, "text") }
        return text
    }

    /// An integer column, or `nil` for NULL.
    public func int(_ name: String) throws(PostgresError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text) else { throw unreadable(name, "an integer") }
        return number
    }

    /// A boolean column, or `nil` for NULL.
    public func bool(_ name: String) throws(PostgresError) -> Bool? {
        switch self[name] {
        case nil: return nil
        case "t": return true
        case "f": return false
        default: throw unreadable(name, "a boolean")
        }
    }

    /// A `bytea` column, or `nil` for NULL.
    public func bytes(_ name: String) throws(PostgresError) -> [UInt8]? {
        guard let text = self[name] else { return nil }
        guard let bytes = PostgresTextFormat.bytes(text) else { throw unreadable(name, "bytea") }
        return bytes
    }

    /// A one-dimensional `text[]` column without NULL elements, or `nil` for NULL.
    public func textArray(_ name: String) throws(PostgresError) -> [String]? {
        guard let text = self[name] else { return nil }
        guard let elements = PostgresTextFormat.array(text) else { throw unreadable(name, "a one-dimensional array without NULL") }
        return elements
    }

    private func unreadable(_ name: String, _ wanted: String) -> PostgresError {
        PostgresError(.usage, "column `\(name)` is \(self[name] == nil ? "NULL" : "not to be read as \(wanted)")")
    }
}

/// Owns a `PGresult`.
///
/// INVARIANT: the result is never written to after it was received, so any thread may read it (PostgreSQL manual, 34.20).
final class PostgresResultStorage: @unchecked Sendable {
    private let result: OpaquePointer
    let rowCount: Int
    let columns: [String]
    private let columnNumbers: [String: Int]

    init(_ result: OpaquePointer) {
        self.result = result
        rowCount = Int(PQntuples(result))
        columns = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
        columnNumbers = Dictionary(zip(columns, 0...), uniquingKeysWith: { first, _ in first })
    }

    deinit { PQclear(result) }

    /// How many rows the command touched, 0 where it does not say.
    var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// The command's tag: `COMMIT`, `ROLLBACK`, `INSERT 0 1`.
    var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    func column(named name: String) -> Int {
        guard let column = columnNumbers[name] else {
            // The names stand in the code beside the SQL; a silent nil would pass for NULL.
            preconditionFailure("no column `\(name)` among \(columns)")
        }
        return column
    }

    func text(row: Int, column: Int) -> String? {
        precondition(columns.indices.contains(column), "column \(column) of \(columns.count)")
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
        return String(decoding: bytes, as: UTF8.self)
    }
}
