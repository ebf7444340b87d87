import ArgumentParser
import ControlPlane
import DecisionLog

/// What is logged of decisions, and where.
struct DecisionLogOptions: ParsableArguments {
    @Option(
        name: .customLong("decision-log"),
        help: ArgumentHelp(
            "Append each decision to this file, as a line of JSON. It can be renamed at any time: it is made anew.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("opa-log"),
        help: ArgumentHelp(
            "Send each decision to URL/logs, as OPA sends its decision logs; with CHARTER_OPA_LOG_TOKEN as bearer token if that is set.",
            valueName: "URL"))
    var opa: String?

    @Option(
        name: .customLong("log-mask"),
        help: ArgumentHelp(
            "Leave this out of logged decisions, e.g. `/request/context/prompt` or `/decision/reasons/*/message`. Can be given several times.",
            valueName: "path"))
    var mask: [String] = []

    @Option(
        name: .customLong("log-sampling"),
        help: "The share, from 0 to 1, of plain permissions that are logged. What is denied, or in which a rule took effect, always is.")
    var sampling = 1.0

    @Option(
        name: .customLong("log-spool-mb"),
        help: "How many megabytes of decisions may wait on disk for a database or file that cannot be written.")
    var spoolMegabytes = 1024

    @Option(
        name: .customLong("log-spool"),
        help: "The folder in which decisions wait until they are written; `decisions` in the state folder by default.")
    var spool: String?

    func validate() throws {
        if spool == "" { throw ValidationError("--log-spool is empty; name a folder") }
        if !(0...1).contains(sampling) { throw ValidationError("--log-sampling must be from 0 to 1") }
        if !(16...1_048_576).contains(spoolMegabytes) { throw ValidationError("--log-spool-mb must be from 16 to 1048576") }
        if opa == "" { throw ValidationError("--opa-log is empty; name an http(s) address") }
        if file == "" { throw ValidationError("--decision-log is empty; name a file") }
        do throws(LogMask.InvalidPath) { _ = try LogMask(mask) } catch { throw ValidationError("--log-mask: \(error)") }
    }

    /// - Parameter directory: where decisions wait if no other folder is named.
    func settings(directory: String, _ telemetry: TelemetrySettings?) throws -> DecisionLogSettings {
        var settings = DecisionLogSettings(directory: spool ?? directory)
        settings.file = file
        if let opa { try settings.sendToOPA(opa, token: Environment.text("CHARTER_OPA_LOG_TOKEN")) }
        settings.telemetry = telemetry
        settings.mask = mask
        settings.sampling = sampling
        settings.maxBytes = spoolMegabytes << 20
        return settings
    }
}
