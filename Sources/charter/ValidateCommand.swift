import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import Git
import GovernanceModel
import JSON

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the documents of a folder, or of a commit; show every error at once.")

    @Argument(help: "The folder with the documents, as they lie on disk.")
    var path = "."

    @Option(name: .long, help: "Check this commit of the repository instead of the files on disk.")
    var ref: String?

    @OptionGroup var folder: FolderOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if folder.folder != nil, ref == nil { throw ValidationError("--path goes with --ref; without it name the folder itself") }
    }

    func run() throws {
        try Terminal.run {
            let now = Int64(Date().timeIntervalSince1970)
            let snapshot: RepositorySnapshot
            let diagnostics: [Diagnostic]
            if let ref {
                let repository = try GitRepository(opening: path)
                let compiled = try CommitCompiler(folder: folder.checked).compile(repository, commit: try repository.resolve(ref), now: now)
                (snapshot, diagnostics) = (compiled.snapshot, compiled.diagnostics)
            } else {
                (snapshot, diagnostics) = try CommitCompiler().check(directory: path, now: now)
            }
            switch output.format {
            case .human:
                Terminal.findings(diagnostics, sources: snapshot.sources, to: 1)
                let verdict = diagnostics.hasErrors ? "not valid" : "valid"
                Terminal.out(
                    "\(verdict): \(snapshot.governance.count) documents in \(snapshot.fileCount) files, \(Terminal.counts(diagnostics))")
            case .json:
                Terminal.out([
                    "valid": .bool(!diagnostics.hasErrors), "documents": .int(Int64(snapshot.governance.count)),
                    "files": .int(Int64(snapshot.fileCount)), "diagnostics": .array(diagnostics.map(\.json)),
                ])
            }
            if diagnostics.hasErrors { throw ExitCode(ExitStatus.input.rawValue) }
        }
    }
}
