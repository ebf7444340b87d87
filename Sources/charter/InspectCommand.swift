import ArgumentParser
import ControlPlane
import JSON
import PolicyEngine

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Verify a bundle and show what is in it.")

    @Argument(help: "The bundle.")
    var bundle: String

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let summary = BundleSummary(try PolicyEngine(try trust.source(bundle).open()))
            switch output.format {
            case .human: Terminal.out(summary.text)
            case .json: Terminal.out(summary.json)
            }
        }
    }
}
