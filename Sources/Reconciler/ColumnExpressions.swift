import Postgres

/// A row's keys as one text, in SQL and here.
enum ColumnExpressions {
    /// A row's keys as one text, for naming it in a parameter. All but the last carry their length in bytes, so that no two rows share a
    /// text, whatever was written by hand.
    static func keyText(_ layout: TableLayout) -> String {
        let names = layout.keys.map { PostgresConnection.quoteIdentifier($0) }
        let parts = names.dropLast().map { "octet_length(\($0)) || ':' || \($0)" } + names.suffix(1)
        return parts.joined(separator: " || ")
    }

    /// The name of the document that a row belongs to, out of the row's `keyText`.
    static func object(_ keyText: String, _ layout: TableLayout) -> String {
        guard layout.keys.count > 1, let colon = keyText.utf8.firstIndex(of: UInt8(ascii: ":")), let length = Int(keyText[..<colon]) else {
            return keyText
        }
        return String(decoding: keyText.utf8[colon...].dropFirst().prefix(length), as: UTF8.self)
    }

    /// The same text for the values of the keys.
    static func keyText(_ key: [String]) -> String {
        key.dropLast().reduce(into: "") { $0 += "\($1.utf8.count):\($1)" } + (key.last ?? "")
    }
}
