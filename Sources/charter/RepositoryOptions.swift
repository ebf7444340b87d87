import ArgumentParser
import ControlPlane
import Foundation
import Git
import Reconciler

/// Which repository and which commit of it a command is about.
struct RepositoryOptions: ParsableArguments {
    @Argument(help: "The repository, or a folder in it.")
    var path = "."

    @Option(name: .long, help: "The commit: a branch, a tag or an id.")
    var ref = "HEAD"

    @OptionGroup var folder: FolderOptions

    /// Opens the repository and compiles the commit.
    func compile() throws -> CompiledCommit {
        let repository = try GitRepository(opening: path)
        let compiler = CommitCompiler(folder: try folder.checked)
        return try compiler.compile(repository, commit: try repository.resolve(ref), now: Int64(Date().timeIntervalSince1970))
    }
}

/// Which database a command is about.
struct DatabaseOptions: ParsableArguments {
    @Option(name: .long, help: "A Postgres URL. Without it, DATABASE_URL; without that, the private Postgres of the state folder.")
    var database: String?

    @Option(name: .long, help: "The state folder, where the private Postgres lives.")
    var state = ".charter"

    @Option(name: .long, help: "The prefix of the schemas and roles, so that several organisations can share a database.")
    var schema: String?

    func validate() throws {
        if database == "" { throw ValidationError("--database is empty; name a Postgres URL, or leave it out") }
        _ = try Namespace.named(schema)
    }

    var url: String? { database ?? Environment.text("DATABASE_URL") }

    /// INVARIANT: `validate` has refused a prefix that is none.
    var namespace: GovernanceNamespace { schema.flatMap { try? GovernanceNamespace(prefix: $0) } ?? .standard }

    var absoluteState: String { state.hasPrefix("/") ? state : FileManager.default.currentDirectoryPath + "/" + state }
}

/// Whose schemas and roles of a database are meant.
enum Namespace {
    static func named(_ prefix: String?) throws -> GovernanceNamespace {
        guard let prefix else { return .standard }
        do throws(GovernanceNamespace.InvalidPrefix) {
            return try GovernanceNamespace(prefix: prefix)
        } catch {
            throw ValidationError("--schema: \(error)")
        }
    }
}

/// Seconds between two looks at a branch.
enum PollInterval {
    static func validate(_ seconds: Double) throws {
        guard seconds > 0, seconds <= 86_400 else { throw ValidationError("--poll-interval must be more than 0 and at most 86400 seconds") }
    }
}

extension DatabaseOptions {
    /// Calls `body` with what only looks at the repository and its database.
    func reading<Value>(
        _ repository: String, reference: SourceReference = .branch(nil), folder: String = "", stopping: ReconcileRunner.Stop = .init(),
        _ body: (ReconcileRunner) throws -> Value
    ) throws -> Value {
        let runner = try ReconcileRunner(
            repository: repository, reference: reference, folder: folder, database: url, namespace: namespace, state: absoluteState,
            readsOnly: true,
            stopping: stopping
        ) { Terminal.err($0) }
        defer { runner.close() }
        return try body(runner)
    }
}
