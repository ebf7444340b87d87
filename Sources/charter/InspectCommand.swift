import ArgumentParser
import ControlPlane
import JSON
import PolicyEngine

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Verify a bundle and show what is in it.")

    @Argument(help: "The bundle.")
    var bundle: String

    @Flag(name: .long, help: "Show every condition too: where it is used, what it reads, and its instructions.")
    var disassemble = false

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let summary = BundleSummary(try PolicyEngine(try trust.source(bundle).open()), disassembles: disassemble)
            switch output.format {
            case .human: Terminal.out(summary.text)
            case .json: Terminal.out(summary.json)
            }
        }
    }
}
