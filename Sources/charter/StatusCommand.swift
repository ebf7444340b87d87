import ArgumentParser
import Conditions
import ControlPlane
import JSON
import Reconciler

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How an organisation stands: its revision, what is ordered, and every Charter that runs.",
        discussion: "Read from the database, as the running ones have left it there.")

    @Argument(help: "The repository.")
    var path = "."

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let status = try database.reading(path) { try $0.status() }
            switch output.format {
            case .json: Terminal.out(status.json)
            case .human: Terminal.out(status.text)
            }
        }
    }
}

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What has happened, the newest first; --alerts shows what somebody was to be told of.")

    @Argument(help: "The repository.")
    var path = "."

    @Option(name: .long, help: "How many to show.")
    var limit = 20

    @Flag(name: .long, help: "Only alerts, with what became of them.")
    var alerts = false

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("--limit must be from 1 to 10000") }
    }

    func run() throws {
        try Terminal.run {
            let events = try database.reading(path) { try $0.events(limit: limit, alertsOnly: alerts) }
            switch output.format {
            case .json: Terminal.out(.array(events.map(\.json)))
            case .human:
                if events.isEmpty { Terminal.out("nothing has happened yet") }
                for kept in events { Terminal.out(kept.line.printable) }
            }
        }
    }
}
