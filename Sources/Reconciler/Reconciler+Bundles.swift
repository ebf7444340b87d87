import Postgres

/// The bytes of a bundle, handed down part by part: they are never copied as a whole.
public struct BundleContent: Sendable {
    /// In hexadecimal.
    public var digest: String
    /// In bytes.
    public var size: Int
    let part: @Sendable (Range<Int>) -> [UInt8]

    /// - Parameter part: the bytes of a range.
    public init(digest: String, size: Int, part: @escaping @Sendable (Range<Int>) -> [UInt8]) {
        self.digest = digest
        self.size = size
        self.part = part
    }
}

/// The revision, and the bundle that it names as far as it was asked for.
public struct BundleInForce: Sendable {
    public var revision: Revision
    /// `nil` if it is the one that the caller has.
    public var bytes: [UInt8]?
}

extension Reconciler {
    /// Of a part of a bundle in the database.
    static let bundlePartSize = 4 << 20

    /// Writes down the bundle that the revision names, in the same transaction. Of one that is there already only the epoch is noted.
    static func write(_ bundle: BundleContent, _ revision: Revision, _ connection: PostgresConnection) throws(PostgresError) {
        let known = try connection.execute(
            SQLTemplates.fill(PackageResources.touch_bundle_sql, [:]), [.text(bundle.digest), .int(revision.epoch)])
        if known > 0 { return }
        try connection.execute(
            SQLTemplates.fill(PackageResources.write_bundle_sql, [:]),
            [.text(bundle.digest), .text(revision.commit), .int(revision.epoch), .int(Int64(bundle.size))])
        let statement = SQLTemplates.fill(PackageResources.write_bundle_part_sql, [:])
        var start = 0
        for number in 0... where start < bundle.size {
            let end = min(start + bundlePartSize, bundle.size)
            try connection.execute(statement, [.text(bundle.digest), .int(Int64(number)), .bytes(bundle.part(start..<end))])
            start = end
            if start == bundle.size { break }
        }
        try connection.execute(SQLTemplates.fill(PackageResources.prune_bundles_sql, [:]))
    }

    /// Writes down the bundle of a revision that is held already, where it is missing: an older Charter has written none.
    ///
    /// - Returns: whether it was missing. Costs one look where it is not.
    @discardableResult
    public func supply(_ bundle: BundleContent) throws(ReconcilerError) -> Bool {
        let isThere = try run { connection in
            try connection.transaction(readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_planner")
                return try Self.has(bundle.digest, connection)
            }
        }
        if isThere { return false }
        return try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_reconciler")
                try Self.lock(connection)
                // Somebody else may have done so, or may have gone on.
                guard let revision = try Self.readRevision(connection), revision.bundleDigest == bundle.digest,
                    try !Self.has(bundle.digest, connection)
                else { return false }
                try Self.write(bundle, revision, connection)
                // Whoever waits for it hears of it as of a new revision.
                try connection.script("NOTIFY governance, 'bundles'")
                return true
            }
        }
    }

    private static func has(_ digest: String, _ connection: PostgresConnection) throws(PostgresError) -> Bool {
        try connection.query(SQLTemplates.fill(PackageResources.has_bundle_sql, [:]), [.text(digest)]).first?.bool("is_there") ?? false
    }

    /// Reads the revision and, unless the caller has it, its bundle: of one moment, under the role of servers.
    ///
    /// - Returns: `nil` before the first revision.
    /// - Throws: `bundleMissing` if the bundle was never written down.
    public func bundleInForce(unless digest: String?) throws(ReconcilerError) -> BundleInForce? {
        try run { connection in
            try connection.transaction(isolation: .repeatableRead, readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_server")
                guard let revision = try Self.readRevision(connection) else { return nil }
                if revision.bundleDigest == digest { return BundleInForce(revision: revision, bytes: nil) }
                return BundleInForce(revision: revision, bytes: try Self.read(revision, connection))
            }
        }
    }

    private static func read(_ revision: Revision, _ connection: PostgresConnection) throws -> [UInt8] {
        let digest = PostgresValue.text(revision.bundleDigest)
        guard let row = try connection.query(SQLTemplates.fill(PackageResources.read_bundle_sql, [:]), [digest]).first,
            let size = try row.int("size"), let parts = try row.int("parts"), size <= bundlePartSize * parts
        else { throw ReconcilerError.bundleMissing(commit: revision.commit) }
        let statement = SQLTemplates.fill(PackageResources.read_bundle_part_sql, [:])
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for number in 0..<parts {
            guard let part = try connection.query(statement, [digest, .int(Int64(number))]).first?.bytes("bytes") else {
                throw ReconcilerError.bundleMissing(commit: revision.commit)
            }
            bytes += part
        }
        guard bytes.count == size else { throw ReconcilerError.bundleMissing(commit: revision.commit) }
        return bytes
    }
}
