import ArgumentParser
import ControlPlane
import Foundation
import JSON

struct BenchReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Measure how long a database takes to hold what a commit says.",
        discussion: """
            Makes an organisation of users, a tenth as many teams and three memberships a user, and brings it into a private Postgres: for the \
            first time, with nothing changed, with one and with ten thousand users changed. Beside it, a plain binary COPY of the same rows.
            """)

    @Option(name: .long, help: "Users of the organisation.")
    var users = 100_000

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: .hidden)
    var prepared: String?

    func validate() throws {
        if !(1...5_000_000).contains(users) { throw ValidationError("--users must be from 1 to 5000000") }
    }

    func run() throws {
        try Terminal.run {
            if let prepared {
                let report = try ReconcileBenchmark(folder: prepared, users: users).measure { Terminal.err("… \($0)") }
                if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
                return
            }
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // Postgres does not run as root, and has to get at its own folder inside this one.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            Terminal.err("… making \(users) users")
            try ReconcileBenchmark(folder: folder, users: users).prepare()
            // What is measured must not share its memory with what made the repository.
            try OwnProcess.run(["bench", "reconcile", "--users", String(users), "--prepared", folder] + (json ? ["--json"] : []))
        }
    }
}
