import Diagnostics
import EnforcementServer
import GovernanceModel
import JSON
import PolicyCompiler
import Reconciler

/// Checks proposed documents on top of the commit in force, as a commit that holds them would be.
final class CommitChangeCheck: ChangeCheck {
    private let wanted: WantedState
    /// The folder of the repository that holds the documents; empty for all of it.
    private let folder: String
    /// So many diagnostics, and differences of each sort, are told.
    private static let most = 1_000
    /// What diagnostics call a text that has no path.
    private static let unnamed = "documents.yaml"

    init(_ wanted: WantedState, folder: String) {
        self.wanted = wanted
        self.folder = folder
    }

    func check(_ change: ProposedChange) throws(ChangeRefusal) -> JSONValue {
        guard let current = wanted.current else { throw .notReady }
        let (governance, linking) = try overlay(change, current.governance).applied(to: current.governance)
        let compiled = PolicyCompiler.compile(
            governance, origin: nil, isLinked: !linking.hasErrors, now: WallClock.now() / 1_000_000_000)
        let diagnostics = (linking + compiled.diagnostics).inReadingOrder()
        let isValid = !diagnostics.hasErrors
        return [
            "valid": .bool(isValid), "commit": .string(current.desired.commit), "documents": .int(Int64(governance.count)),
            "diagnosticCount": .int(Int64(diagnostics.count)), "diagnostics": .array(Self.told(diagnostics).map(\.json)),
            "plan": isValid ? Self.plan(governance, current.desired, protected: wanted.protected) : .null,
        ]
    }

    /// Errors first, if not all can be told.
    private static func told(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        if diagnostics.count <= most { return diagnostics }
        let sorted = diagnostics.filter { $0.severity == .error } + diagnostics.filter { $0.severity != .error }
        return Array(sorted.prefix(most)).inReadingOrder()
    }

    // MARK: What was asked for

    private func overlay(_ change: ProposedChange, _ governance: Governance) throws(ChangeRefusal) -> Overlay {
        var overlay = Overlay(files: [])
        for file in change.files {
            let pointer = "/files/" + file.path.replacing("~", with: "~0").replacing("/", with: "~1")
            if let fault = fault(ofPath: file.path) { throw .fault(pointer: pointer, detail: fault) }
            overlay.files.append(DocumentReader.read(file.text, path: file.path))
        }
        if let text = change.documents { overlay.files.append(DocumentReader.read(text, path: Self.unnamed)) }
        for (number, deletion) in change.deletions.enumerated() {
            let pointer = "/delete/\(number)"
            if governance.holds(deletion) {
                overlay.deletedDocuments.insert(deletion)
            } else if change.files.contains(where: { $0.path == deletion }) {
                throw .fault(pointer: pointer, detail: "names a file that is in `files` too")
            } else if governance.all.contains(where: { $0.path == deletion }) {
                overlay.deletedPaths.insert(deletion)
            } else {
                throw .fault(
                    pointer: pointer, detail: "is neither the path of a file with documents nor the `Kind/name` of a document in force")
            }
        }
        return overlay
    }

    private func fault(ofPath path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if path.utf8.count > 1_024 || parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }) {
            return "must be a path in the repository, without empty, `.` and `..` parts"
        }
        let inside = folder.isEmpty ? path : path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : nil
        guard let inside else { return "must be below `\(folder)`, which holds the documents of this repository" }
        return RepositoryReader.isDocument(inside) ? nil : "must end in .yaml or .yml and have no hidden part, or it would not be read"
    }

    // MARK: What it would do

    private static func plan(_ governance: Governance, _ old: DesiredState, protected: Set<[String]>?) -> JSONValue {
        // INVARIANT: no commit has this id, so that the state is never taken for one that is in force.
        let proposed = DesiredState(
            governance: governance, commit: String(repeating: "0", count: old.commit.utf8.count), bundleDigest: "", previous: old)
        let plan = proposed.plan(replacing: old)
        func objects(_ action: SyncPlan.Action) -> JSONValue {
            .array(plan.differences.lazy.filter { $0.action == action }.prefix(most).map { json($0) })
        }
        let refusal = proposed.refusal(replacing: old, protected: protected)
        return [
            "counts": [
                "created": .int(Int64(plan.count(.create))), "updated": .int(Int64(plan.count(.update))),
                "deleted": .int(Int64(plan.count(.delete))),
            ],
            "created": objects(.create), "updated": objects(.update), "deleted": objects(.delete),
            "withheld": refusal.map { .init($0.reasons) } ?? .null,
        ]
    }

    private static func json(_ difference: SyncPlan.Difference) -> JSONValue {
        var object: JSONObject = ["kind": .string(difference.kind.rawValue), "name": .string(difference.name)]
        if difference.action != .delete {
            object["fields"] = .array(
                difference.fields.map { field in
                    [
                        "field": .string(field.field), "from": field.actual.map { .string($0) } ?? .null,
                        "to": field.expected.map { .string($0) } ?? .null,
                    ]
                })
        }
        return .object(object)
    }
}

extension Governance {
    /// Whether there is a document of this `Kind/name`.
    fileprivate func holds(_ id: String) -> Bool {
        guard let slash = id.firstIndex(of: "/"), let kind = Kind(rawValue: String(id[..<slash])) else { return false }
        return find(kind, String(id[id.index(after: slash)...])) != nil
    }
}
