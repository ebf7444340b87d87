import Diagnostics
import Git
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import Reconciler
import Synchronization

/// A commit on its way from git to a bundle.
public struct CompiledCommit: Sendable {
    public var commit: GitCommit
    public var snapshot: RepositorySnapshot
    /// All findings of all stages, in reading order.
    public var diagnostics: [Diagnostic]
    /// The bundle; `nil` if the commit has errors.
    public var bundle: [UInt8]?
    /// Nanoseconds spent on checking conditions and meanings and on writing the bundle.
    public var compileTime: Int64
    fileprivate let rows: RowMemory
}

/// Compiles the commits of one repository, one after the other, parsing only what has changed.
public final class CommitCompiler {
    private let reader: RepositoryReader
    private let rows = RowMemory()
    private let memory = CompilerMemory()

    /// - Parameters: see `RepositoryReader`.
    public init(folder: String = "", keepsParsed: Bool = true) { reader = RepositoryReader(folder: folder, keepsParsed: keepsParsed) }

    /// - Parameter now: seconds since 1970, for findings that depend on the day.
    public func compile(_ repository: GitRepository, commit id: GitObjectID, now: Int64) throws(GitError) -> CompiledCommit {
        var snapshot = try reader.read(repository, commit: id)
        let commit: GitCommit
        if let read = snapshot.commit { commit = read } else { commit = try repository.commit(id) }
        let clock = ContinuousClock()
        let start = clock.now
        let origin = BundleOrigin(commit: commit.id.description, tree: commit.tree.description, time: commit.time)
        let result = PolicyCompiler.compile(
            snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: now, memory: memory)
        let elapsed = (clock.now - start).nanoseconds
        let diagnostics = (snapshot.diagnostics + result.diagnostics).inReadingOrder()
        reader.addSources(for: diagnostics, to: &snapshot, from: repository)
        return CompiledCommit(
            commit: commit, snapshot: snapshot, diagnostics: diagnostics, bundle: result.bundle, compileTime: elapsed, rows: rows)
    }

    /// Compiles the files of a folder as they lie on disk. Of no commit, the bundle is for trying and not for putting in force.
    public func compile(
        directory: String, now: Int64
    ) throws(DirectoryError) -> (snapshot: RepositorySnapshot, diagnostics: [Diagnostic], bundle: [UInt8]?) {
        let none = String(repeating: "0", count: 40)
        return try read(directory, origin: BundleOrigin(commit: none, tree: none, time: 0), now: now)
    }

    /// Checks the files of a folder as they lie on disk.
    public func check(directory: String, now: Int64) throws(DirectoryError) -> (snapshot: RepositorySnapshot, diagnostics: [Diagnostic]) {
        let (snapshot, diagnostics, _) = try read(directory, origin: nil, now: now)
        return (snapshot, diagnostics)
    }

    private func read(
        _ directory: String, origin: BundleOrigin?, now: Int64
    ) throws(DirectoryError) -> (RepositorySnapshot, [Diagnostic], [UInt8]?) {
        let snapshot = try reader.read(directory: directory)
        let result = PolicyCompiler.compile(snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: now)
        return (snapshot, (snapshot.diagnostics + result.diagnostics).inReadingOrder(), result.bundle)
    }
}

extension CompiledCommit {
    /// What the database must hold for this commit.
    public func desiredState(bundleDigest: String) -> DesiredState {
        rows.state {
            DesiredState(governance: snapshot.governance, commit: commit.id.description, bundleDigest: bundleDigest, previous: $0)
        }
    }
}

/// The rows that were worked out last, of which the next commit's are mostly the same.
private final class RowMemory: Sendable {
    private let last = Mutex<DesiredState?>(nil)

    func state(_ make: (DesiredState?) -> DesiredState) -> DesiredState {
        let state = make(last.withLock { $0 })
        last.withLock { $0 = state }
        return state
    }
}
