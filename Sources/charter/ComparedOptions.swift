import ArgumentParser
import ControlPlane
import Diagnostics

/// Which two versions of a repository a command compares.
struct ComparedOptions: ParsableArguments {
    @Argument(help: "The repository, or a folder in it.")
    var path = "."

    @Option(name: .long, help: "The commit to compare with: a branch, a tag or an id; origin/main by default, without that main.")
    var base: String?

    @Option(name: .long, help: "The commit with the change; the files on disk by default.")
    var head: String?

    @OptionGroup var folder: FolderOptions

    /// Compiles both, and shows the errors of those that cannot be compiled.
    ///
    /// - Parameter now: seconds since 1970.
    func versions(now: Int64) throws -> ComparedVersions {
        let versions = try ComparedVersions(path, base: base, head: head, folder: try folder.checked, now: now)
        for version in versions.broken {
            Terminal.findings(version.diagnostics.filter { $0.severity == .error }, sources: version.sources, to: 2)
        }
        return versions
    }
}
