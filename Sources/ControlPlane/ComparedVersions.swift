import ChangePlan
import Diagnostics
import Git
import GovernanceModel
import PolicyBundle
import PolicyEngine

/// Two versions of a repository's documents, compiled to be compared. Neither is put in force.
public struct ComparedVersions: Sendable {
    /// A commit, or the files on disk.
    public struct Version: Sendable {
        /// As people write it: `main`, or `the files on disk`.
        public var name: String
        public var sources: [String: [UInt8]]
        public var governance: Governance
        public var diagnostics: [Diagnostic]
        /// Nil if there are errors.
        public var bundle: [UInt8]?
    }

    public var base: Version
    public var head: Version

    /// What changes are compared with where nothing is named: the first of these that there is.
    public static let usualBases = ["origin/main", "main"]

    /// - Parameters:
    ///   - path: the repository, or a folder in it.
    ///   - base: a branch, a tag or an id; nil for the first of `usualBases` that there is.
    ///   - head: the same; nil for the files of the work tree as they lie on disk.
    ///   - folder: the folder of the repository that holds the documents; empty for all of it.
    ///   - now: seconds since 1970, for findings that depend on the day.
    public init(_ path: String, base: String?, head: String?, folder: String, now: Int64) throws {
        let repository = try GitRepository(opening: path)
        let compiler = CommitCompiler(folder: folder)
        func commit(_ name: String, _ id: GitObjectID) throws -> Version {
            let compiled = try compiler.compile(repository, commit: id, now: now)
            return Version(
                name: "`\(name)`", sources: compiled.snapshot.sources, governance: compiled.snapshot.governance,
                diagnostics: compiled.diagnostics, bundle: compiled.bundle)
        }
        let (baseName, baseID) = try Self.base(base, repository)
        self.base = try commit(baseName, baseID)
        if let head {
            self.head = try commit(head, try repository.resolve(head))
            return
        }
        guard let workTree = repository.workTree else {
            throw ControlError(.input, "`\(path)` is a bare repository, which has no files on disk: name a commit with --head")
        }
        let (snapshot, diagnostics, bundle) = try CommitCompiler().compile(
            directory: folder.isEmpty ? workTree : "\(workTree)/\(folder)", now: now)
        self.head = Version(
            name: "the files on disk", sources: snapshot.sources, governance: snapshot.governance, diagnostics: diagnostics, bundle: bundle)
    }

    private static func base(_ name: String?, _ repository: GitRepository) throws -> (String, GitObjectID) {
        if let name { return (name, try repository.resolve(name)) }
        for name in usualBases {
            do throws(GitError) {
                return (name, try repository.resolve(name))
            } catch {
                guard case .notFound = error.kind else { throw error }
            }
        }
        let names = usualBases.map { "`\($0)`" }.joined(separator: " nor ")
        throw ControlError(.input, "the repository has neither \(names): name the commit to compare with by --base")
    }

    /// Versions of which a bundle could not be made.
    public var broken: [Version] { [base, head].filter { $0.bundle == nil } }

    /// The engines of both.
    ///
    /// - Throws: `ControlError` if one has errors.
    public func engines() throws -> (base: PolicyEngine, head: PolicyEngine) {
        func engine(_ version: Version) throws -> PolicyEngine {
            try PolicyEngine(try PolicyBundle(bytes: try Self.bundle(version, otherwise: "nothing was replayed")))
        }
        return (try engine(base), try engine(head))
    }

    /// What the change from the one to the other does.
    ///
    /// - Parameter now: the time at which requests are decided, in nanoseconds since 1970.
    /// - Throws: `ControlError` if one has errors.
    public func plan(now: Int64) throws -> ChangePlan {
        func version(_ version: Version) throws -> ChangePlan.Version {
            ChangePlan.Version(
                name: version.name.replacing("`", with: ""), governance: version.governance,
                bundle: try Self.bundle(version, otherwise: "there is no plan"))
        }
        return try ChangePlan(from: try version(base), to: try version(head), now: now)
    }

    private static func bundle(_ version: Version, otherwise what: String) throws -> [UInt8] {
        guard let bundle = version.bundle else {
            throw ControlError(.input, "\(version.name) cannot be compiled, \(what) (\(version.diagnostics.counts))")
        }
        return bundle
    }
}
