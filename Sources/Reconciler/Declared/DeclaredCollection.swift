import GovernanceModel

/// The documents of one kind, as clients name them.
public struct DeclaredCollection: Sendable {
    let layout: TableLayout

    /// All kinds.
    public static let all: [DeclaredCollection] = TableLayout.all.filter { $0.table != TableLayout.members.table }.map {
        DeclaredCollection(layout: $0)
    }

    /// The segment of a path: `service-accounts`; `organization`, of which there is one.
    public var path: String { isSingle ? "organization" : layout.table.replacing("_", with: "-") }

    public var kind: String { layout.kind.rawValue }

    /// Whether there is one document at most.
    public var isSingle: Bool { layout.kind == .organization }

    /// Whether names may hold a slash: `provider/model`, and teams that are named as paths.
    public var hasNamesWithSlash: Bool { [.model, .team].contains(layout.kind) }
}
