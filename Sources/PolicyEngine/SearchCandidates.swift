import PolicyBundle

/// The rows of a section that may be results of a search.
struct SearchCandidates {
    var section: BundleSection
    /// Which word of a row names it.
    var nameColumn: Int
    /// False for rows that need not be decided, since nothing can permit them.
    var isCandidate: (Int) -> Bool
}

/// What the bundle rules out before anything is decided.
///
/// Only what can never be permitted is left out; what is left in is decided, so that the answer is that of deciding everything.
extension DecisionSession {
    /// What a search is about, by the kind and type of what it looks for. Nil where the bundle knows nothing of the type.
    func universe(_ search: SearchRequest) -> SearchCandidates? {
        let records = engine.records
        switch (search.kind, search.type) {
        case (.subject, "user"), (.subject, "service-account"):
            let wanted = search.type == "user" ? 0 : SubjectColumn.serviceAccount
            return SearchCandidates(section: .subj, nameColumn: SubjectColumn.name.rawValue) { row in
                records.word(.subj, row, SubjectColumn.flags) & (SubjectColumn.serviceAccount | SubjectColumn.disabled) == wanted
            }
        case (.resource, "model"): return SearchCandidates(section: .modl, nameColumn: ModelColumn.name.rawValue) { _ in true }
        case (.action, _): return SearchCandidates(section: .actn, nameColumn: 0) { _ in true }
        default: return nil
        }
    }

    /// Those of `universe` that some permission may cover. The request that was decoded last says what is fixed.
    func narrowed(_ universe: SearchCandidates, _ kind: SearchKind) -> SearchCandidates {
        let records = engine.records
        let (action, entry) = (request.pointee.actionNumber, request.pointee.entry)
        let roles = UnsafeBufferPointer(start: request.pointee.roles, count: request.pointee.roleCount)
        var narrowed = universe
        switch kind {
        case .subject:
            let classes = classesThatMayPermit(action: action, entry: entry)
            narrowed.isCandidate = { row in
                universe.isCandidate(row) && classes[Int(records.word(.subj, row, SubjectColumn.subjectClass))]
            }
        case .resource:
            narrowed.isCandidate = { row in roles.contains { self.mayPermit(Int($0), action: action, entry: row) } }
        case .action:
            narrowed.isCandidate = { row in roles.contains { self.mayPermit(Int($0), action: row, entry: entry) } }
        }
        return narrowed
    }

    /// By class of subjects, whether one of its roles may permit what the request is about. Subjects of a class have the same roles, so that
    /// a class is looked at once, however many they are.
    private func classesThatMayPermit(action: Int, entry: Int) -> [Bool] {
        let bundle = engine.bundle
        let roles = (0..<bundle.count(.role)).map { mayPermit($0, action: action, entry: entry) { self.covers($0) } }
        return (0..<bundle.count(.clss)).map { row in bundle.list(.clss, row, ClassColumn.roles).contains { roles[$0] } }
    }

    /// Whether the role may permit the action on the resource for some request.
    ///
    /// - Parameter covers: asked about a permission whose bitmaps tell more than it covers.
    func mayPermit(
        _ role: Int, action: Int, entry: Int, covers: (UnsafePointer<UInt32>) -> Bool = { _ in true }
    ) -> Bool {
        let records = engine.records
        let bits = records.doubleWords(.bits)
        func isSet(_ bitmap: UInt32, _ number: Int) -> Bool { bits[Int(bitmap) + number >> 6] & (1 << UInt64(number & 63)) != 0 }
        let granted = records.words(.grnt)[role * (engine.index.actionCount + 1) + action]
        if granted != BundleFormat.none, isSet(granted, entry) { return true }
        let residual = records.words(.list) + Int(records.word(.role, role, RoleColumn.residual))
        for place in 0..<Int(records.word(.role, role, RoleColumn.residualCount)) {
            let permission = records.record(.perm, Int(residual[place]))
            if isSet(permission[PermissionColumn.actionBits.rawValue], action),
                isSet(permission[PermissionColumn.entryBits.rawValue], entry),
                permission[PermissionColumn.isExact.rawValue] == 1 || covers(permission)
            {
                return true
            }
        }
        return false
    }
}
