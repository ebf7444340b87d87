extension PostgresConnection {
    /// `name` as an identifier, in quotes whatever it holds.
    public static func quoteIdentifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// A table as `table` or `schema.table`, each part quoted. A name that itself holds a dot cannot be written this way.
    public static func quoteTable(_ name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.map { quoteIdentifier(String($0)) }.joined(separator: ".")
    }

    /// `text` as a string constant, for statements that take no parameters. Everywhere else, pass a parameter.
    public static func quoteLiteral(_ text: String) -> String {
        let doubled = text.replacing("'", with: "''")
        // The E form means the same under any `standard_conforming_strings`.
        return text.contains("\\") ? " E'" + doubled.replacing("\\", with: "\\\\") + "'" : "'" + doubled + "'"
    }
}
