import ArgumentParser
import ControlPlane
import JSON
import Reconciler

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "What was done to the database: which commit, when, by whom, and what it changed.",
        discussion: "The newest first. --epoch shows one of them with its plan.")

    @Argument(help: "The repository.")
    var path = "."

    @Option(name: .long, help: "How many to show.")
    var limit = 20

    @Option(name: .long, help: "Show those before this epoch.")
    var before: Int64?

    @Option(name: .long, help: "Show this epoch alone, with what it changed.")
    var epoch: Int64?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("--limit must be from 1 to 10000") }
        if epoch != nil, before != nil { throw ValidationError("--epoch and --before exclude each other") }
        if let epoch, epoch < 1 || epoch == .max { throw ValidationError("--epoch must be a number from 1 on") }
    }

    func run() throws {
        try Terminal.run {
            var entries = try database.reading(path) {
                try $0.history(before: epoch.map { $0 + 1 } ?? before, limit: epoch == nil ? limit : 1)
            }
            if let epoch {
                entries.removeAll { $0.epoch != epoch }
                if entries.isEmpty { throw ControlError(.input, "there is no epoch \(epoch)") }
            }
            switch output.format {
            case .json: Terminal.out(.array(entries.map(\.json)))
            case .human:
                if entries.isEmpty { Terminal.out("nothing was applied yet") }
                for entry in entries { show(entry) }
            }
        }
    }

    private func show(_ entry: HistoryEntry) {
        let changes = "\(entry.created) created, \(entry.updated) updated, \(entry.deleted) deleted"
        Terminal.out(
            "\(entry.epoch)\t\(entry.appliedAt)\t\(entry.outcome)\t\(entry.commit.prefix(12))\t\(changes), \(entry.rowsWritten) row(s) in "
                + "\(entry.milliseconds) ms\tby \(entry.databaseUser)")
        guard epoch != nil else { return }
        if let approved = entry.approvedPlan { Terminal.out("  approved as plan \(approved)") }
        for change in entry.plan.arrayValue ?? [] {
            let name = "\(change["kind"]?.stringValue ?? "")/\(change["name"]?.stringValue ?? "")"
            Terminal.out("  \(change["action"]?.stringValue ?? "") \(name)")
            for field in change["fields"]?.arrayValue ?? [] {
                func value(_ side: String) -> String { (field[side]?.stringValue ?? "absent").printable }
                Terminal.out("    \(field["field"]?.stringValue ?? ""): \(value("actual")) → \(value("expected"))")
            }
        }
        if !entry.planIsWhole { Terminal.out("  … and more") }
    }
}

extension HistoryEntry {
    var json: JSONValue {
        [
            "epoch": .int(epoch), "outcome": .string(outcome), "commit": .string(commit),
            "previousCommit": previousCommit.map { .string($0) } ?? .null, "created": .int(Int64(created)), "updated": .int(Int64(updated)),
            "deleted": .int(Int64(deleted)), "rowsWritten": .int(Int64(rowsWritten)), "durationMs": .int(Int64(milliseconds)),
            "databaseUser": .string(databaseUser), "application": .string(application), "appliedAt": .string(appliedAt),
            "approvedPlan": approvedPlan.map { .string($0) } ?? .null, "plan": plan, "planIsWhole": .bool(planIsWhole),
        ]
    }
}
