import ArgumentParser
import ControlPlane
import EnforcementServer
import Foundation
import JSON
import PolicyEngine

struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Decide requests from a bundle.",
        discussion: """
            A request has the shape of OpenID AuthZEN: {"subject": {"type", "id"}, "action": {"name"}, "resource": {"type", "id"}, \
            "context": {}}. A denied request is a good answer: the exit code is 0.

            --requests decides many, one JSON object a line, and prints one line for each; with `--format json` that is a whole decision. A \
            line that is no request is reported with its number, the others are decided all the same, and the exit code is 1.
            """)

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The file with the request, `-` for standard input.")
    var request: String?

    @Option(name: .long, help: "The file with requests, one a line, `-` for standard input.")
    var requests: String?

    @Option(name: .long, help: "Decide as if it were this time, e.g. 2026-01-31T12:00:00Z.")
    var now: String?

    @Flag(name: .long, help: "Tell of every policy that matched what its rules and the predicates of their conditions came to.")
    var explain = false

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if (request == nil) == (requests == nil) { throw ValidationError("give either --request or --requests") }
        if explain, requests != nil { throw ValidationError("--explain tells of one request: use --request") }
    }

    func run() throws {
        try Terminal.run {
            let engine = try PolicyEngine(try trust.source(bundle).open())
            let time = try RequestTime.nanoseconds(now)
            if let requests { return try decideAll(try read(requests), engine, now: time) }
            let bytes = try read(request ?? "-")
            let decision: Decision
            var explanation: Explanation?
            do {
                if explain {
                    let explained = try engine.explain(bytes, now: time, id: DecisionID.make(now: time))
                    (decision, explanation) = (explained.decision, explained.explanation)
                } else {
                    decision = try engine.decide(bytes, now: time, id: DecisionID.make(now: time))
                }
            } catch let error as RequestError {
                throw ControlError(.input, "\(error)")
            }
            switch output.format {
            case .human: Terminal.out(DecisionText.text(decision) + (explanation.map { "\n" + ExplanationText.text($0) } ?? ""))
            case .json: Terminal.out(ExplanationText.json(decision, explanation))
            }
        }
    }

    private func decideAll(_ text: [UInt8], _ engine: PolicyEngine, now: Int64) throws {
        let refused = DecisionBatch(engine, now: now).decide(text) { line, answer in
            if case .refused(let error) = answer { Terminal.say("line \(line): \(error)".printable) }
            switch (output.format, answer) {
            case (.json, _): Terminal.out(JSONWriter.text(answer.json(line: line)))
            case (.human, .decision(let decision)): Terminal.out(DecisionText.line(decision))
            case (.human, .refused): break
            }
        }
        if refused > 0 { throw ExitCode(ExitStatus.input.rawValue) }
    }

    private func read(_ file: String) throws -> [UInt8] {
        guard let data = file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file) else {
            throw ControlError(.input, "`\(file)` cannot be read")
        }
        return Array(data)
    }
}
