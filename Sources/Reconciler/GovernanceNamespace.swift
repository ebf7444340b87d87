import Digest
import Postgres

/// The schemas, roles and lock of one organisation, so that several share a database and none can reach what is another's.
///
/// The organisation `acme` has the schemas `acme_governance` and `acme_runtime` and the roles `acme_charter_planner`,
/// `acme_charter_reconciler` and `acme_charter_server`; one that is alone has the same without the prefix. Statements are written with the names
/// without the prefix, and a connection of the namespace sends them with it.
public struct GovernanceNamespace: Sendable, Hashable {
    /// Without a prefix.
    public static let standard = GovernanceNamespace(checked: nil)

    /// `nil` for the standard one.
    public let prefix: String?

    /// Why a text cannot be a prefix.
    public struct InvalidPrefix: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The longest prefix: roles have names of 63 bytes at most.
    public static let longest = 20
    /// What a prefix is made of, for people.
    public static let rule = "lower-case letters, digits and `_`, beginning with a letter, \(longest) at most, and not `pg` or `pg_…`"

    public init(prefix: String) throws(InvalidPrefix) {
        guard let first = prefix.utf8.first, Self.isLetter(first), prefix.utf8.count <= Self.longest,
            prefix.utf8.allSatisfy({ Self.isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }),
            // Postgres keeps schemas and roles that begin so to itself.
            prefix != "pg", !prefix.hasPrefix("pg_")
        else { throw InvalidPrefix(description: "`\(prefix)` cannot be a prefix of schemas and roles; it is made of \(Self.rule)") }
        self.prefix = prefix
    }

    private init(checked prefix: String?) { self.prefix = prefix }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    /// The schema of declared state; notifications are sent on a channel of the same name.
    public var schema: String { prefix.map { "\($0)_governance" } ?? "governance" }

    /// What is renamed in statements: the names that belong to an organisation, and the number of the lock under which is written.
    static let names = ["governance", "runtime", "charter_planner", "charter_reconciler", "charter_server"]
    /// As `SQL/lock.sql` writes it.
    static let lock = "63686172746572"

    /// `nil` where nothing is.
    public var renaming: PostgresRenaming? {
        guard let prefix else { return nil }
        var words = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, "\(prefix)_\($0)") })
        // 64 bits, so that two organisations practically never wait for each other.
        words[Self.lock] = String(SHA256Digest(of: Array("charter/\(prefix)".utf8)).description.prefix(16))
        return PostgresRenaming(words)
    }
}

extension PostgresConfiguration {
    /// The same database, in which statements reach what belongs to the namespace and nothing else.
    public func with(_ namespace: GovernanceNamespace) -> PostgresConfiguration {
        var copy = self
        copy.renaming = namespace.renaming
        return copy
    }
}
