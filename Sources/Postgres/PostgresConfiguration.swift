import CLibPQ

/// Where a server is, who connects, and what every connection is given at its start.
///
/// Made from a URI or a conninfo string (PostgreSQL manual, 34.1.1). A string that cannot be read is not an error until something connects
/// or `validate()` is called, so that a configuration can be made anywhere.
public struct PostgresConfiguration: Sendable {
    /// What libpq is given, by keyword.
    var parameters: [String: String]
    /// Why the connection string could not be read.
    private var defect: PostgresError?

    /// The name that `pg_stat_activity` shows.
    public var applicationName: String?
    /// The role taken with `SET ROLE` once connected.
    public var role: String?
    /// How long connecting may take in all.
    public var connectTimeout: Duration = .seconds(10)
    /// `statement_timeout`, where the server's own is not wanted.
    public var statementTimeout: Duration?
    /// The same for statements within `transaction` alone. It ends with each transaction, so that it leaves nothing behind on a connection
    /// that a pool (PgBouncer's transaction mode) hands on to others.
    public var transactionStatementTimeout: Duration?
    /// Other names for what the statements of every connection name; `role` too.
    public var renaming: PostgresRenaming?

    /// Reads a `postgres://` URI or a conninfo string (`host=… dbname=…`).
    public init(uri: String) {
        do throws(PostgresError) {
            parameters = try Self.parse(uri)
        } catch {
            parameters = [:]
            defect = error
        }
        applicationName = parameters.removeValue(forKey: "application_name")
        if let seconds = parameters.removeValue(forKey: "connect_timeout").flatMap({ Int($0) }), seconds > 0 {
            connectTimeout = .seconds(seconds)
        }
    }

    /// A server on this machine, through the socket in `socketDirectory`.
    public init(socketDirectory: String, port: Int = 5432, user: String, database: String) {
        parameters = ["host": socketDirectory, "port": String(port), "user": user, "dbname": database]
    }

    /// Throws what is wrong with the connection string, without its text: that may hold a password.
    public func validate() throws(PostgresError) {
        if let defect { throw defect }
        for value in parameters.values + [applicationName ?? "", role ?? ""] where value.utf8.contains(0) {
            throw PostgresError(.usage, "a connection setting holds a NUL character")
        }
    }

    /// The same server and settings with another database.
    public func with(database: String) -> PostgresConfiguration {
        var copy = self
        copy.parameters["dbname"] = database
        return copy
    }

    /// Host, port, user and database, for logs and diagnostics; never a password.
    public var redactedDescription: String {
        if defect != nil { return "(a connection string that cannot be read)" }
        var parts: [String] = []
        for keyword in ["host", "hostaddr", "port", "user", "dbname", "sslmode"] {
            // A database name can itself be a URI by libpq's rules, and then holds whatever a URI holds.
            guard let value = parameters[keyword], !value.contains("://") else { continue }
            parts.append("\(keyword)=\(value)")
        }
        if let role { parts.append("role=\(role)") }
        return parts.isEmpty ? "(libpq's defaults)" : parts.joined(separator: " ")
    }

    /// Server and database: the same for two configurations that differ in who logs in, or how. Where libpq would look elsewhere for a part of it
    /// (a service file, the environment), that part is missing.
    public var place: String {
        ["host", "hostaddr", "port", "dbname", "service"].map { keyword in
            let usual = ["port": "5432"][keyword] ?? ""
            return "\(keyword)=\(parameters[keyword] ?? usual)"
        }.joined(separator: " ")
    }

    private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        if text.utf8.contains(0) { throw PostgresError(.usage, "the connection string holds a NUL character") }
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &reason) else {
            defer { PQfreemem(reason) }
            throw PostgresError(.usage, "the connection string cannot be read" + unquoted(reason))
        }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        try refuseMisreadPassword(in: found, isURI: text.contains("://"))
        return found
    }

    /// A password with a raw `@` or `/` makes libpq take its rest for the host, port or database, and then tell everyone in an error.
    private static func refuseMisreadPassword(in found: [String: String], isURI: Bool) throws(PostgresError) {
        let isPortPlain = found["port"]?.allSatisfy { ("0"..."9").contains($0) || $0 == "," } ?? true
        let isMisread = isURI && ["host", "dbname"].contains { found[$0]?.contains("@") == true }
        if isMisread || !isPortPlain {
            throw PostgresError(
                .usage, "the connection string cannot be read: `@`, `:` and `/` in a user name or password are written %40, %3A and %2F")
        }
    }

    /// libpq's reason up to its first quotation, which is where it repeats the string.
    private static func unquoted(_ reason: UnsafeMutablePointer<CChar>?) -> String {
        guard let reason else { return "" }
        let words = String(cString: reason).prefix { $0 != "\"" && !$0.isNewline }
        let trimmed = String(words).replacing(#/[\s:]+$/#, with: "")
        return trimmed.isEmpty ? "" : ": \(trimmed)"
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `redactedDescription`, so that printing a configuration by accident tells no password.
    public var description: String { redactedDescription }
    public var debugDescription: String { redactedDescription }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
