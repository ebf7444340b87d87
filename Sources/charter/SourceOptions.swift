import ArgumentParser
import ControlPlane
import Git

/// The folder of a repository that holds the documents.
struct FolderOptions: ParsableArguments {
    @Option(
        name: .customLong("path"),
        help: "The folder of the repository that holds the documents, from its root; the whole tree by default.")
    var folder: String?

    func validate() throws {
        guard let folder else { return }
        do throws(GitError) {
            _ = try GitFolder.checked(folder)
        } catch {
            throw ValidationError("--path: \(error.message)")
        }
    }

    /// Empty for the whole tree.
    var checked: String { get throws { try folder.map { text throws(GitError) in try GitFolder.checked(text) } ?? "" } }
}

/// What of a repository is followed.
struct SourceOptions: ParsableArguments {
    @Option(name: .long, help: "The branch to follow; the repository's own by default.")
    var branch: String?

    @Option(name: .long, help: "Follow this tag instead of a branch.")
    var tag: String?

    @Option(name: .long, help: "Hold this commit, by its whole id, instead of following a branch.")
    var commit: String?

    @OptionGroup var folder: FolderOptions

    func validate() throws {
        if [branch, tag, commit].count(where: { $0 != nil }) > 1 {
            throw ValidationError("--branch, --tag and --commit exclude each other")
        }
        for (name, value) in [("--branch", branch), ("--tag", tag)] where value == "" { throw ValidationError("\(name) is empty") }
        if let commit, GitObjectID(hex: commit) == nil {
            throw ValidationError("--commit must be the whole id of a commit, of 40 hexadecimal digits; `git rev-parse` shows it")
        }
    }

    var reference: SourceReference {
        if let tag { return .tag(tag) }
        if let commit { return .commit(commit.lowercased()) }
        return .branch(branch)
    }
}
