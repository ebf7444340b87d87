import Digest
import GovernanceModel
import JSON

/// Everything that one commit wants the database to hold.
public struct DesiredState: Sendable {
    public struct Table: Sendable {
        public var layout: TableLayout
        /// By document, sorted by its name; so are the rows by their keys, bytewise. None is empty.
        let blocks: [RowBlock]
        public let rowCount: Int
        /// Memberships, or roles that the rows give.
        let edgeCount: Int
        /// SHA-256 over the digests of the blocks. As every block is what one document, or team, has in the table, it follows from the rows
        /// alone.
        public let digest: SHA256Digest

        init(layout: TableLayout, blocks: [RowBlock]) {
            self.layout = layout
            self.blocks = blocks
            var (rows, edges) = (0, 0)
            var digests: [UInt64] = []
            digests.reserveCapacity(blocks.count * 4)
            for block in blocks {
                rows += block.count
                edges += block.edges
                digests += [block.digest.0, block.digest.1, block.digest.2, block.digest.3]
            }
            rowCount = rows
            edgeCount = edges
            digest = digests.withUnsafeBytes { SHA256Digest(of: $0) }
        }

        /// Sorted by key, bytewise.
        public var rows: [StoredRow] { blocks.flatMap(\.rows) }
    }

    /// Hexadecimal object id.
    public var commit: String
    public var bundleDigest: String
    public var documentCount: Int
    /// The role that somebody must have, and how many users have it.
    let administratorRole: String
    public var administratorCount: Int
    /// Documents that are annotated as protected.
    var protected: [(kind: Kind, name: String)]
    /// The organisation's settings of the reconciler.
    var settings: JSONValue?
    public var tables: [Table]
    /// SHA-256 over the tables' digests.
    public var digest: SHA256Digest

    /// - Parameter previous: the state of another commit, whose rows are taken over for documents that both have. It changes nothing but the
    ///   time that this takes.
    public init(governance: Governance, commit: String, bundleDigest: String, previous: DesiredState? = nil) {
        self.commit = commit
        self.bundleDigest = bundleDigest
        documentCount = governance.count
        administratorRole = governance.organization?.administratorRole ?? "admin"
        administratorCount = 0
        protected = governance.protectedDocuments
        settings = governance.all(.organization).first?.spec["reconcile"]?.json(as: Organization.schema.field("reconcile")?.type ?? .any)
        tables = TableLayout.all.enumerated().map { number, layout in
            // INVARIANT: the tables of every state are those of `TableLayout.all`, in that order.
            Table(layout: layout, blocks: Self.blocks(layout, governance.all(layout.kind), previous?.tables[number].blocks ?? []))
        }
        digest = SHA256Digest(of: tables.flatMap(\.digest.bytes))
        administratorCount = countHolders(ofRole: administratorRole)
    }

    /// How many users who are not disabled have a role: directly, by a team of theirs or one above it, or by a role that inherits from it.
    func holderCount(ofRole role: String) -> Int { role == administratorRole ? administratorCount : countHolders(ofRole: role) }

    private static func blocks(_ layout: TableLayout, _ documents: [Document], _ known: [RowBlock]) -> [RowBlock] {
        var blocks: [RowBlock?] = []
        blocks.reserveCapacity(documents.count)
        var new: [(place: Int, document: Document)] = []
        var next = 0
        for document in documents {
            if next < known.count, known[next].document !== document {
                while next < known.count, known[next].name < document.plainName { next += 1 }
            }
            if next < known.count, known[next].document === document {
                blocks.append(known[next])
                next += 1
            } else {
                new.append((blocks.count, document))
                blocks.append(nil)
            }
        }
        let encoder = RowEncoder(layout)
        let made = new.chunks(of: documentsOfTask).concurrentMap { encoder.blocks($0.map(\.document)) }.joined()
        for ((place, _), block) in zip(new, made) { blocks[place] = block }
        return blocks.compactMap(\.self)
    }

    /// Enough of them to be worth a thread's while.
    private static let documentsOfTask = 500
}
