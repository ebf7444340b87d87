import ArgumentParser
import ControlPlane
import GovernanceModel
import JSON
import Reconciler

struct ProtectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protections", abstract: "Documents that no commit may delete.",
        discussion: """
            A document with the annotation `charter.dev/protect: "true"` is protected from the commit on that has it. Leaving the annotation out \
            does not lift the protection; `charter protections remove` does.
            """,
        subcommands: [ProtectionsListCommand.self, ProtectionsRemoveCommand.self], defaultSubcommand: ProtectionsListCommand.self)
}

struct ProtectionsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show what is protected.")

    @Argument(help: "The repository.")
    var path = "."

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let found = try database.reading(path) { try $0.protections() }
            switch output.format {
            case .human:
                if found.isEmpty { Terminal.out("nothing is protected") }
                for entry in found {
                    Terminal.out("\(entry.kind)/\(entry.name)\tsince commit \(entry.commit.prefix(12)), \(entry.since)")
                }
            case .json:
                Terminal.out(
                    .array(
                        found.map {
                            [
                                "kind": .string($0.kind), "name": .string($0.name), "commit": .string($0.commit),
                                "since": .string($0.since),
                            ]
                        }))
            }
        }
    }
}

struct ProtectionsRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Let a document be deleted again.")

    @Argument(help: "The document, as Kind/name.")
    var document: String

    @Option(name: .long, help: "The repository.")
    var repository = "."

    @OptionGroup var database: DatabaseOptions

    func run() throws {
        try Terminal.run {
            let parts = document.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let kind = Kind(rawValue: parts[0]) else {
                throw ControlError(.usage, "`\(document)` is no document; name it as Kind/name, e.g. User/ada")
            }
            try database.reading(repository) { try $0.removeProtection(kind, parts[1]) }
            Terminal.out("\(kind.rawValue) `\(parts[1])` can be deleted again")
        }
    }
}
