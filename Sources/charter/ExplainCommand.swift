import ArgumentParser
import ControlPlane
import Diagnostics
import JSON

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell what a code such as CH1302 means, with an example of the mistake and one of how it is done."
    )

    @Argument(help: "The code; without one, all are listed.")
    var code: String?

    @OptionGroup var output: FormatOption

    func run() throws {
        guard let code else { return list() }
        guard let known = DiagnosticCode.allCases.first(where: { $0.rawValue == code.uppercased() }) else {
            let help = Suggestion.help(for: code.uppercased(), among: DiagnosticCode.allCases.map(\.rawValue))
            Terminal.say("there is no code `\(code)`; \(help ?? "`charter explain` lists all")")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        switch output.format {
        case .human: Terminal.print(ExplanationRenderer(color: Terminal.mayColor(1)).render(known))
        case .json: Terminal.out(known.explanationJSON)
        }
    }

    private func list() {
        switch output.format {
        case .human:
            for code in DiagnosticCode.allCases { Terminal.out("\(code.rawValue)  \(code.severity.name)  \(code.title)") }
        case .json: Terminal.out(.array(DiagnosticCode.allCases.map(\.explanationJSON)))
        }
    }
}
