import ArgumentParser
import ControlPlane
import JSON
import PolicyBundle

struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Compile a commit into a bundle. The same commit gives the same bytes, on every machine.")

    @OptionGroup var repository: RepositoryOptions

    @Option(name: .shortAndLong, help: "The file that the bundle is written to.")
    var output: String

    @OptionGroup var format: FormatOption

    func run() throws {
        try Terminal.run {
            let compiled = try repository.compile()
            if format.format == .human {
                Terminal.findings(compiled.diagnostics.filter { $0.severity > .note }, sources: compiled.snapshot.sources, to: 2)
            }
            guard let bytes = compiled.bundle else {
                if format.format == .json { Terminal.out(["compiled": false, "diagnostics": .array(compiled.diagnostics.map(\.json))]) }
                throw ControlError(
                    .input, "commit \(compiled.commit.id) has errors, no bundle was written (\(Terminal.counts(compiled.diagnostics)))")
            }
            let bundle = try PolicyBundle(bytes: bytes)
            try AtomicFile.write(bytes, to: output)
            switch format.format {
            case .human:
                Terminal.out(
                    "\(output): \(bytes.count) bytes, \(compiled.snapshot.governance.count) documents of commit \(compiled.commit.id)")
                Terminal.out("sha256:\(bundle.digest)")
            case .json:
                Terminal.out([
                    "compiled": true, "file": .string(output), "bytes": .int(Int64(bytes.count)),
                    "digest": .string("sha256:\(bundle.digest)"),
                    "commit": .string(compiled.commit.id.description), "documents": .int(Int64(compiled.snapshot.governance.count)),
                    "diagnostics": .array(compiled.diagnostics.map(\.json)),
                ])
            }
        }
    }
}
