import ArgumentParser
import ControlPlane
import EnforcementServer
import Foundation
import GovernanceModel
import JSON
import PolicyEngine

struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Decide a request from a bundle.",
        discussion: """
            The request has the shape of OpenID AuthZEN: {"subject": {"type", "id"}, "action": {"name"}, "resource": {"type", "id"}, \
            "context": {}}. A denied request is a good answer: the exit code is 0.
            """)

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The file with the request, `-` for standard input.")
    var request: String

    @Option(name: .long, help: "Decide as if it were this time, e.g. 2026-01-31T12:00:00Z.")
    var now: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let engine = try PolicyEngine(try trust.source(bundle).open())
            guard let data = request == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: request)
            else {
                throw ControlError(.input, "`\(request)` cannot be read")
            }
            var time = WallClock.now()
            if let now {
                let nanoseconds = Timestamp.seconds(now).map { $0.multipliedReportingOverflow(by: 1_000_000_000) }
                guard let nanoseconds, !nanoseconds.overflow else {
                    throw ControlError(.usage, "`\(now)` is no time from 1678 to 2262; write 2026-01-31T12:00:00Z")
                }
                time = nanoseconds.partialValue
            }
            let decision: Decision
            do {
                decision = try engine.decide(Array(data), now: time, id: DecisionID.make(now: time))
            } catch let error as RequestError {
                throw ControlError(.input, "\(error)")
            }
            switch output.format {
            case .human: Terminal.out(DecisionText.text(decision))
            case .json: Terminal.out(decision.json)
            }
        }
    }
}
