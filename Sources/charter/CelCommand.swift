import ArgumentParser
import CEL
import CELConformance
import CELWorkbench
import ControlPlane
import Foundation
import JSON

struct CelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cel", abstract: "Evaluate an expression of the Common Expression Language, or run conformance cases.",
        discussion: """
            `charter cel 'a > 1' --input '{"a": 2}'` evaluates; `charter help cel evaluate` tells of --explain, --cost and --disassemble.
            """,
        subcommands: [CelEvaluateCommand.self, CelConformanceCommand.self], defaultSubcommand: CelEvaluateCommand.self)
}

struct CelEvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluate an expression.",
        discussion: "Each member of the input object is a variable. An expression that ends in an error exits with 1.")

    @Argument(help: "The expression.")
    var expression: String

    @Option(name: .long, help: "A JSON object whose members are the variables.")
    var input = "{}"

    @Flag(name: .long, help: "Show the value of every part of the expression.")
    var explain = false

    @Flag(name: .long, help: "Show the instructions.")
    var disassemble = false

    @Flag(name: .long, help: "Show the steps that it took and takes at worst.")
    var cost = false

    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let variables: JSONObject
            do {
                guard let object = try JSONParser.parse(input).objectValue else {
                    throw ControlError(.usage, "the input must be a JSON object")
                }
                variables = object
            } catch let error as JSONSyntaxError {
                throw ControlError(.input, "the input is not valid JSON: \(error)")
            }
            do {
                let run = try ExpressionRun(
                    expression, input: ExpressionInput(variables), explains: explain, disassembles: disassemble, costs: cost)
                switch output.format {
                case .human: Terminal.out(run.text)
                case .json: Terminal.out(run.json)
                }
                if run.failure != nil { throw ExitCode(ExitStatus.input.rawValue) }
            } catch let issues as CELIssues {
                switch output.format {
                case .human: Terminal.err(issues.text(source: expression))
                case .json: Terminal.out(["issues": issues.json])
                }
                throw ExitCode(ExitStatus.input.rawValue)
            }
        }
    }
}

struct CelConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Run a folder of conformance case files through the machine and the tree-walking evaluator.")

    @Argument(help: "The folder with the case files.")
    var folder: String

    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let report: ConformanceReport
            do {
                report = try ConformanceSuite.run(folder: URL(fileURLWithPath: folder))
            } catch {
                throw ControlError(.input, "\(error)")
            }
            if report.results.isEmpty { throw ControlError(.input, "`\(folder)` holds no case files") }
            switch output.format {
            case .human: Terminal.out(report.text)
            case .json: Terminal.out(report.json)
            }
            if report.failed > 0 { throw ExitCode(ExitStatus.input.rawValue) }
        }
    }
}
