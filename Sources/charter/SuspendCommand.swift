import ArgumentParser
import ControlPlane

struct SuspendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Put no commit in force and write nothing to the database, until resumed.",
        discussion: """
            Every Charter that shares the database obeys: what is in force goes on deciding, drift is found and reported, and neither is a new \
            commit taken nor anything corrected.
            """)

    @Option(name: .long, help: "The repository.")
    var repository = "."

    @Option(name: .long, help: "Why; shown wherever the suspension is.")
    var reason = ""

    @OptionGroup var database: DatabaseOptions

    func run() throws {
        try Terminal.run {
            try database.reading(repository) { try $0.suspend(reason: reason, operator: Operator.name) }
            Terminal.out("suspended, until `charter resume`")
        }
    }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End a suspension, and correct again what was fought over.")

    @Option(name: .long, help: "The repository.")
    var repository = "."

    @Option(name: .long, help: "Why.")
    var reason = ""

    @OptionGroup var database: DatabaseOptions

    func run() throws {
        try Terminal.run {
            let wasSuspended = try database.reading(repository) { try $0.resume(reason: reason, operator: Operator.name) }
            Terminal.out(wasSuspended ? "resumed" : "was not suspended; drift that was fought over is corrected again")
        }
    }
}
