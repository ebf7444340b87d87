import ArgumentParser
import Diagnostics
import JSON
import Logging
import ServerLog

extension LogFormat: ExpressibleByArgument {}

/// How a server tells of itself.
struct ServerLogOptions: ParsableArguments {
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    @Option(name: .customLong("log-format"), help: "How the server's own log looks on standard error: text, or json, one object a line.")
    var format: LogFormat = .text

    @Option(name: .customLong("log-level"), help: "The least important lines of the server's own log that are written.")
    var level: Level = .info

    @Flag(
        name: .customLong("access-log"),
        help: "Write a line of JSON on standard error for each HTTP request: method, route, status, duration, caller, request id.")
    var logsRequests = false

    func open() -> OperatorLog {
        OperatorLog(
            log: ServerLog(format, level: Logger.Level(rawValue: level.rawValue) ?? .info) { SecretScanner.mask($0) })
    }
}

/// What a server tells whoever runs it.
struct OperatorLog: Sendable {
    static let name = "charter"

    let log: ServerLog

    func step(_ text: String) { log.write(.info, logger: Self.name, text, sign: "…") }
    func info(_ text: String) { log.write(.info, logger: Self.name, text) }
    func warning(_ text: String) { log.write(.warning, logger: Self.name, text) }

    /// Findings of a commit: for people with their sources, else a line each.
    func findings(_ diagnostics: [Diagnostic], sources: [String: [UInt8]]) {
        switch log.format {
        case .text:
            // After what was told before.
            log.flush()
            Terminal.findings(diagnostics, sources: sources, to: 2)
        case .json:
            for finding in diagnostics {
                let level: Logger.Level =
                    switch finding.severity {
                    case .error: .error
                    case .warning: .warning
                    case .note: .notice
                    }
                log.write(
                    level, logger: Self.name, finding.message,
                    [
                        ("code", .string(finding.code.rawValue)), ("file", .string(finding.span.path)),
                        ("line", .int(Int64(finding.span.line))),
                    ] + (finding.help.map { [("help", .string($0))] } ?? []))
            }
        }
    }

    /// Why the server ends, or did not begin.
    func failure(_ text: String) {
        switch log.format {
        case .text:
            log.flush()
            Terminal.say(text)
        case .json:
            log.write(.critical, logger: Self.name, text)
            log.flush()
        }
    }
}
