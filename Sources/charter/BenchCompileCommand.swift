import ArgumentParser
import ControlPlane
import Foundation
import JSON

struct BenchCompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile", abstract: "Measure how long it takes from a commit to its bundle, at first and after one file has changed.",
        discussion: """
            Makes a git repository of users, teams and policies in a temporary folder, and compiles it in a process of its own: read from git, \
            parsed, linked, checked, written. Then commits that change one file each, by the same process, and the last one once more from \
            what was kept of it on disk.
            """)

    @Option(name: .long, help: "About how many documents there are.")
    var documents = 100_000

    @Option(name: .long, help: "Commits that change one file, of which the median is taken.")
    var changes = 15

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: .hidden)
    var prepared: String?

    func validate() throws {
        if !(1_000...2_000_000).contains(documents) { throw ValidationError("--documents must be from 1000 to 2000000") }
        if !(1...1_000).contains(changes) { throw ValidationError("--changes must be from 1 to 1000") }
    }

    func run() throws {
        try Terminal.run {
            if let prepared {
                let report = try CompileBenchmark(folder: prepared, documents: documents, changes: changes).measure()
                if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
                return
            }
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            Terminal.err("… making \(documents) documents")
            try CompileBenchmark(folder: folder, documents: documents, changes: changes).prepare()
            try OwnProcess.run(
                ["bench", "compile", "--documents", String(documents), "--changes", String(changes), "--prepared", folder]
                    + (json ? ["--json"] : []))
        }
    }
}
