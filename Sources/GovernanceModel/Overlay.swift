import Diagnostics

/// Files laid over a version that is linked already: what a change would make of it.
public struct Overlay: Sendable {
    /// Each takes the place of the file of its path, and its documents that of those of their kinds and names.
    public var files: [ParsedFile]
    public var deletedPaths: Set<String>
    /// As `Kind/name`.
    public var deletedDocuments: Set<String>

    public init(files: [ParsedFile], deletedPaths: Set<String> = [], deletedDocuments: Set<String> = []) {
        self.files = files
        self.deletedPaths = deletedPaths
        self.deletedDocuments = deletedDocuments
    }

    /// The whole version, linked anew.
    ///
    /// Of files that stay as they are, what was found when they were read is not said again.
    public func applied(to governance: Governance) -> (governance: Governance, diagnostics: [Diagnostic]) {
        let paths = deletedPaths.union(files.map(\.path))
        var names = deletedDocuments
        for file in files {
            names.formUnion(file.documents.map(\.id))
            // A document with errors is what stands in its place all the same.
            names.formUnion(file.broken.map { "\($0.kind.rawValue)/\($0.name)" })
        }
        let kept = governance.all.filter { !paths.contains($0.path) && !names.contains($0.id) }
        return Governance.link([ParsedFile(path: "", documents: kept, broken: [], diagnostics: [])] + files)
    }
}

extension Governance {
    /// All documents, by kind and name.
    public var all: [Document] { Kind.numbered.flatMap { all($0) } }
}
