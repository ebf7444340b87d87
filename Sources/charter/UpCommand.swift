import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import Git

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Compile, reconcile, serve, follow the branch, and correct drift: all in one process.",
        discussion: """
            Without --database and DATABASE_URL a private Postgres is made in the state folder, on a unix socket only. Ctrl-C stops everything \
            that was started; the next start goes on where this one ended.

            With CHARTER_WEBHOOK_SECRET set, `POST /v1/hooks/github`, `/gitlab` and `/standard` take messages that the repository has changed, and it is \
            looked at without waiting for the interval.

            A commit with errors is refused, and one that takes too much away is withheld until its plan is approved (`charter reconcile --help`): \
            the last good bundle stays in force.
            """)

    @Argument(
        help: "The repository: a path, or a git URL (https, ssh, file). Without it CHARTER_REPOSITORY, else the folder that you are in.")
    var repository: String?

    @OptionGroup var source: SourceOptions

    @Option(name: .long, help: "Seconds between two looks at the branch; 1 for a local repository, 15 for a remote one by default.")
    var pollInterval: Double?

    @Option(name: .long, help: "Seconds that a remote repository may take to answer.")
    var fetchTimeout = GitSource.fetchTimeout

    @Option(
        name: .long,
        help: ArgumentHelp(
            "An https address that alerts are sent to, signed by Standard Webhooks with the key in CHARTER_ALERT_SECRET, beside those that AlertRoute documents name."
        ))
    var alertWebhook: String?

    @OptionGroup var signers: SignerOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var access: AccessOptions
    @OptionGroup var logging: DecisionLogOptions
    @OptionGroup var telemetry: TelemetryOptions
    @OptionGroup var serverLog: ServerLogOptions

    @Flag(name: .customLong("no-decision-log"), help: "Log no decisions, into the database neither.")
    var logsNothing = false

    @OptionGroup var shadow: ShadowOptions

    @Flag(
        name: .long,
        help: ArgumentHelp("Stop when standard input ends: for whoever starts it and must not leave it behind.", visibility: .hidden))
    var untilInputEnds = false

    func validate() throws {
        if let pollInterval { try PollInterval.validate(pollInterval) }
        guard fetchTimeout >= 1, fetchTimeout <= 86_400 else { throw ValidationError("--fetch-timeout takes 1 to 86400 seconds") }
        if let alertWebhook = alertWebhook ?? Environment.text("CHARTER_ALERT_WEBHOOK"), !AlertReceiver.isValid(alertWebhook) {
            throw ValidationError("--alert-webhook (or CHARTER_ALERT_WEBHOOK) must be an https address, or http on this machine")
        }
    }

    func run() throws {
        let log = serverLog.open()
        defer { log.log.flush() }
        try Terminal.run(log) {
            let repository = repository ?? Environment.text("CHARTER_REPOSITORY") ?? "."
            let isRemote = GitMirror.isRemote(repository)
            var configuration = Supervisor.Configuration(
                repository: repository, reference: source.reference, stateDirectory: database.absoluteState, database: database.url,
                host: try listen.host, port: try listen.port, pollInterval: pollInterval ?? (isRemote ? 15 : 1))
            configuration.access = try access.access(for: listen.address, hasDatabase: true)
            configuration.folder = try source.folder.checked
            configuration.namespace = database.namespace
            configuration.publicURL = listen.publicUrl
            configuration.webhooks = try WebhookSecret.receipt()
            configuration.operatorTrust = try signers.trust()
            configuration.fetchTimeout = fetchTimeout
            configuration.alertReceiver = alertWebhook ?? Environment.text("CHARTER_ALERT_WEBHOOK")
            configuration.alertSecret = try AlertReceiver.secret()
            configuration.telemetry = try telemetry.settings()
            if !logsNothing {
                configuration.decisionLog = try logging.settings(directory: database.absoluteState + "/decisions", configuration.telemetry)
            }
            configuration.shadow = try shadow.source(isSigned: false)
            configuration.shadowShare = shadow.share
            configuration.log = log.log
            configuration.logsRequests = serverLog.logsRequests
            let supervisor = Supervisor(configuration) { UpReport.show($0, log) }
            let signals = StopSignals { supervisor.stop() }
            if untilInputEnds { InputEnd.watch { supervisor.stop() } }
            try withExtendedLifetime(signals) { try supervisor.run() }
        }
    }
}
