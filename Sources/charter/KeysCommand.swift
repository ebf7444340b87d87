import ArgumentParser
import ControlPlane

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make and show the keys that bundles are signed with.",
        subcommands: [KeysNewCommand.self, KeysShowCommand.self])
}

struct KeysNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make an Ed25519 key: PREFIX.key, to be kept secret, and PREFIX.pub.")

    @Option(name: .shortAndLong, help: "What both file names begin with; files that are there are not overwritten.")
    var output = "charter"

    @Option(name: .long, help: "Whose key it is, for the file of trusted keys.")
    var comment: String?

    @OptionGroup var format: FormatOption

    func run() throws {
        try Terminal.run { format.show(try KeySummary(newAt: output, comment: comment)) }
    }
}

struct KeysShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the id of a private or public key, and its entry for the file of trusted keys.")

    @Argument(help: "The key, as PEM.")
    var file: String

    @OptionGroup var format: FormatOption

    func run() throws {
        try Terminal.run { format.show(try KeySummary(file: file)) }
    }
}

extension FormatOption {
    fileprivate func show(_ key: KeySummary) {
        switch format {
        case .human: Terminal.out(key.text)
        case .json: Terminal.out(key.json)
        }
    }
}
