import Diagnostics
import Foundation
import Git

/// One version of a repository, read and linked.
public struct RepositorySnapshot: Sendable {
    public var governance: Governance
    public var diagnostics: [Diagnostic]
    /// The commit it was read from; `nil` for files on disk.
    public var commit: GitCommit?
    /// Text of the files that diagnostics point into, for showing it. Read from git, only those of this snapshot's own diagnostics are here
    /// until `RepositoryReader.addSources` brings those of later stages.
    public var sources: [String: [UInt8]]
    /// How many files were read, and how many of them had to be parsed because neither an earlier version nor what is kept on disk had the same
    /// content.
    public var fileCount: Int
    public var parsedCount: Int
    /// Time spent, in nanoseconds: reading objects, parsing, linking.
    public var timings: Timings

    public struct Timings: Sendable {
        public var read: Int64 = 0
        public var parse: Int64 = 0
        public var link: Int64 = 0
    }
}

/// Reads versions of one repository. What was parsed once is not parsed again: results are kept by path and blob id for the next version.
///
/// Not for use by two threads at once.
public final class RepositoryReader {
    private var parsed: [GitTreeFile: ParsedFile] = [:]
    private var linked: LinkedVersion?
    /// So many are in memory as text at once.
    private static let filesAtATime = 64
    /// The folder of the tree that holds the documents; empty for the whole tree.
    private let folder: String
    private let keepsParsed: Bool

    /// - Parameters:
    ///   - folder: the folder of commits' trees that holds the documents, as `GitFolder.checked` gives it; empty for the whole tree.
    ///   - keepsParsed: whether what is parsed of a large version is kept in the repository's git folder for the next process.
    public init(folder: String = "", keepsParsed: Bool = false) {
        self.folder = folder
        self.keepsParsed = keepsParsed
    }

    /// Documents are all files ending in `.yaml` or `.yml`, hidden files and folders left out.
    public static func isDocument(_ path: String) -> Bool {
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else { return false }
        return !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }

    /// Reads `commit` from the object database, without a checkout.
    ///
    /// - Throws: `.pathNotFound` if the commit does not have the folder, or no document in it: that is never read as "everything was deleted".
    public func read(_ repository: GitRepository, commit id: GitObjectID) throws(GitError) -> RepositorySnapshot {
        let clock = ContinuousClock()
        let start = clock.now
        var timings = RepositorySnapshot.Timings()
        let commit = try repository.commit(id)
        let files = try files(repository, of: id)
        var next: [GitTreeFile: ParsedFile] = [:]
        next.reserveCapacity(files.count)
        let unknown = files.filter { file in
            next[file] = parsed[file]
            return next[file] == nil
        }
        let store = keepsParsed && unknown.count >= ParsedFileStore.worthwhile ? ParsedFileStore(repository, documents: folder) : nil
        let kept = store?.contents()
        if let kept {
            for chunk in unknown.filter({ kept.holds($0.blob) }).chunks(of: Self.filesAtATime) {
                for (file, found) in zip(chunk, Array(chunk).concurrentMap { kept.file($0.blob, path: $0.path) }) { next[file] = found }
            }
        }
        let unparsed = unknown.filter { next[$0] == nil }
        // Objects are read by this thread alone, as a repository is one thread's; what was read is parsed by all.
        for chunk in unparsed.chunks(of: Self.filesAtATime) {
            var contents: [(file: GitTreeFile, bytes: [UInt8])] = []
            for file in chunk {
                do throws(GitError) {
                    contents.append((file, try repository.blob(file.blob, path: file.path, limit: DocumentReader.fileLimit)))
                } catch {
                    guard case .tooLarge(_, let size, _) = error.kind else { throw error }
                    next[file] = ParsedFile(
                        path: file.path, documents: [], broken: [], diagnostics: [DocumentReader.tooLarge(file.path, size: Int(size))])
                }
            }
            let before = clock.now
            let results = contents.concurrentMap { DocumentReader.read($0.bytes, path: $0.file.path) }
            timings.parse += (clock.now - before).nanoseconds
            for (content, result) in zip(contents, results) { next[content.file] = result }
        }
        timings.read = (clock.now - start).nanoseconds - timings.parse
        if let store, unparsed.count >= ParsedFileStore.worthwhile {
            store.keep(files.compactMap { file in next[file].map { (file.blob, $0) } }, over: kept)
        }
        let removed = parsed.filter { next[$0.key] == nil }.map(\.value)
        parsed = next
        var snapshot = link(files.compactMap { next[$0] }, changes: (removed, unknown.compactMap { next[$0] }), timings: timings)
        snapshot.commit = commit
        snapshot.parsedCount = unparsed.count
        addSources(for: snapshot.diagnostics, to: &snapshot, from: repository)
        return snapshot
    }

    private func files(_ repository: GitRepository, of commit: GitObjectID) throws(GitError) -> [GitTreeFile] {
        if folder.isEmpty { return try repository.files(in: commit, where: Self.isDocument) }
        let files: [GitTreeFile]
        do throws(GitError) {
            // A hidden folder that is named is meant.
            files = try repository.files(in: commit, under: folder) { Self.isDocument(String($0.dropFirst(folder.count + 1))) }
        } catch {
            guard case .pathNotFound(let missing) = error.kind else { throw error }
            throw GitError(
                .pathNotFound(folder),
                "commit \(commit.description.prefix(12)) does not have the folder `\(folder)`"
                    + (missing == folder ? "" : " (`\(missing)` is missing)")
                    + "; commit it again, or follow another folder with --path")
        }
        if files.isEmpty {
            throw GitError(
                .pathNotFound(folder),
                "the folder `\(folder)` of commit \(commit.description.prefix(12)) holds no .yaml or .yml file; commit the documents again, or "
                    + "follow another folder with --path")
        }
        return files
    }

    /// Reads the files that `diagnostics` point into, if `snapshot` is the version that this reader has read last.
    public func addSources(for diagnostics: [Diagnostic], to snapshot: inout RepositorySnapshot, from repository: GitRepository) {
        let missing = Self.pathsShown(diagnostics).subtracting(snapshot.sources.keys)
        if missing.isEmpty { return }
        for file in parsed.keys where missing.contains(file.path) {
            // A snippet is a courtesy: without it the diagnostic still names the place.
            snapshot.sources[file.path] = try? repository.blob(file.blob, path: file.path, limit: DocumentReader.fileLimit)
        }
    }

    /// Reads the files below `directory` as they lie on disk.
    public func read(directory: String) throws(DirectoryError) -> RepositorySnapshot {
        let clock = ContinuousClock()
        let start = clock.now
        let walk = try FolderWalk(directory)
        var timings = RepositorySnapshot.Timings()
        var sources: [String: [UInt8]] = [:]
        var files = walk.unreadable.map { Self.unreadable($0.path, $0.why) }
        for chunk in walk.documents.chunks(of: Self.filesAtATime) {
            var contents: [(path: String, bytes: [UInt8])] = []
            for path in chunk {
                let full = directory + "/" + path
                let size = ((try? FileManager.default.attributesOfItem(atPath: full))?[.size] as? Int) ?? 0
                if size > DocumentReader.fileLimit {
                    files.append(
                        ParsedFile(path: path, documents: [], broken: [], diagnostics: [DocumentReader.tooLarge(path, size: size)]))
                } else if let data = FileManager.default.contents(atPath: full) {
                    contents.append((path, Array(data)))
                    sources[path] = contents.last?.bytes
                } else {
                    files.append(Self.unreadable(path, "the file cannot be read"))
                }
            }
            let before = clock.now
            files += contents.concurrentMap { DocumentReader.read($0.bytes, path: $0.path) }
            timings.parse += (clock.now - before).nanoseconds
        }
        timings.read = (clock.now - start).nanoseconds - timings.parse
        parsed = [:]
        var snapshot = link(files, changes: nil, timings: timings)
        snapshot.parsedCount = files.count
        snapshot.sources = sources
        return snapshot
    }

    private static func unreadable(_ path: String, _ what: String) -> ParsedFile {
        let diagnostic = Diagnostic(.unreadableFile, what, at: SourceSpan(startOf: path), help: "check its permissions")
        return ParsedFile(path: path, documents: [], broken: [], diagnostics: [diagnostic])
    }

    /// - Parameter changes: files of the version before that are gone, and files that are new.
    private func link(
        _ files: [ParsedFile], changes: (removed: [ParsedFile], added: [ParsedFile])?, timings: RepositorySnapshot.Timings
    ) -> RepositorySnapshot {
        let clock = ContinuousClock()
        let start = clock.now
        let linked = changes.flatMap { self.linked?.next(removing: $0.removed, adding: $0.added) } ?? LinkedVersion(files)
        // A folder's files are not kept, so that nothing can follow from them.
        self.linked = changes == nil ? nil : linked
        var diagnostics = files.flatMap(\.diagnostics) + linked.diagnostics
        if files.isEmpty {
            diagnostics = [
                Diagnostic(
                    .noDocuments, "there is no .yaml or .yml file", at: SourceSpan(startOf: "."),
                    help: "a governance repository holds documents with `apiVersion: \(Kind.apiVersion)`")
            ]
        }
        var timings = timings
        timings.link = (clock.now - start).nanoseconds
        return RepositorySnapshot(
            governance: linked.governance, diagnostics: diagnostics.inReadingOrder(), commit: nil, sources: [:], fileCount: files.count,
            parsedCount: 0, timings: timings)
    }

    private static func pathsShown(_ diagnostics: [Diagnostic]) -> Set<String> {
        Set(diagnostics.flatMap { [$0.span.path] + $0.related.map(\.span.path) })
    }
}

extension Duration {
    /// Whole nanoseconds.
    public var nanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
