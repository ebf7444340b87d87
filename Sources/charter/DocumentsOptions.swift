import ArgumentParser
import ControlPlane
import Diagnostics
import Git
import GovernanceModel

/// The documents that a command is about: those of a folder as they lie on disk, or of a commit.
struct DocumentsOptions: ParsableArguments {
    @Argument(help: "The folder with the documents, as they lie on disk.")
    var path = "."

    @Option(name: .long, help: "Take this commit of the repository instead of the files on disk.")
    var ref: String?

    @OptionGroup var folder: FolderOptions

    func validate() throws {
        if folder.folder != nil, ref == nil { throw ValidationError("--path goes with --ref; without it name the folder itself") }
    }

    /// The commit, compiled, if one is named.
    func compiledCommit(now: Int64) throws -> CompiledCommit? {
        guard let ref else { return nil }
        let repository = try GitRepository(opening: path)
        return try CommitCompiler(folder: folder.checked).compile(repository, commit: try repository.resolve(ref), now: now)
    }
}
