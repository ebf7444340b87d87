import ArgumentParser
import BundleFollowing
import ControlPlane
import Diagnostics
import EnforcementServer

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer decisions over HTTP from bundles that others have made; no repository.",
        discussion: """
            SOURCE is a bundle file, which is followed when it is replaced, or an http(s) address: of another Charter (`/v1/bundle/content`) or of any \
            web server, with CHARTER_BUNDLE_TOKEN as bearer token if that is set. Without SOURCE the bundle is the one that a reconciler has left in \
            the database (--database, or DATABASE_URL).

            A bundle is put in force after every check, by one swap. One that fails a check is refused and told of, and the last good one stays. With \
            --state it stays over restarts as well, with no source at all.
            """)

    @Argument(help: "A bundle file, or an http(s) address of one.")
    var source: String?

    @OptionGroup var trust: TrustOptions

    @Option(name: .long, help: "The organisation that bundles must be of; that of the first one by default.")
    var organization: String?

    @Option(
        name: .long,
        help:
            "The folder that keeps the last good bundle for a restart, and decisions that are not written yet. Without it no bundle is kept, and decisions wait in `\(Self.logState)`."
    )
    var state: String?

    @Option(
        name: .long,
        help: "A Postgres URL: where decisions are logged and it is reported what is in force here, and the source if no other is named.")
    var database: String?

    @Option(name: .long, help: "The prefix of the schemas and roles in the database.")
    var schema: String?

    @Option(name: .long, help: "Seconds between two looks at the source: 0.25 for a file, 10 for an address, 5 for a database by default.")
    var pollInterval: Double?

    @OptionGroup var shadow: ShadowOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var access: AccessOptions
    @OptionGroup var logging: DecisionLogOptions

    @Flag(name: .customLong("no-decision-log"), help: "Log no decisions, into the database neither.")
    var logsNothing = false

    @OptionGroup var telemetry: TelemetryOptions
    @OptionGroup var serverLog: ServerLogOptions
    @OptionGroup var output: FormatOption

    /// Where decisions wait without `--state`.
    private static let logState = ".charter/serve"

    private var databaseURL: String? { database ?? (source == nil ? Environment.text("DATABASE_URL") : nil) }

    func validate() throws {
        if let pollInterval { try PollInterval.validate(pollInterval) }
        if source == "" { throw ValidationError("the source is empty; name a bundle file or an address") }
        if database == "" { throw ValidationError("--database is empty; name a Postgres URL, or leave it out") }
        guard source != nil || databaseURL != nil else {
            throw ValidationError("name a bundle file or an address, or a database with --database (or DATABASE_URL)")
        }
        if source == nil, trust.trustedKeys != nil {
            throw ValidationError("--trusted-keys needs a file or an address: what a reconciler leaves in the database is not signed")
        }
        if schema != nil, databaseURL == nil { throw ValidationError("--schema goes with --database") }
        _ = try Namespace.named(schema)
    }

    func run() throws {
        let log = serverLog.open()
        defer { log.log.flush() }
        try Terminal.run(log) {
            let replicaDatabase = try databaseURL.map { try ReplicaDatabase(url: $0, namespace: try Namespace.named(schema)) }
            let main: ReplicaSource
            if let source {
                main = try ReplicaSource(
                    source, token: Environment.text("CHARTER_BUNDLE_TOKEN"), signature: trust.signature,
                    isSigned: trust.trustedKeys != nil)
            } else if let replicaDatabase {
                main = replicaDatabase.source
            } else {
                throw ControlError(.usage, "there is no source of bundles")
            }
            var configuration = ReplicaServer.Configuration(source: main, server: .init(host: try listen.host, port: try listen.port))
            configuration.server.publicURL = listen.publicUrl
            configuration.rules = BundleRules(trustedKeys: trust.trustedKeys, organization: organization)
            configuration.interval = pollInterval.map { .seconds($0) }
            configuration.access = try access.access(for: listen.address, hasDatabase: databaseURL != nil)
            configuration.keyCopy = Self.logState + "/api-keys.json"
            configuration.state = state
            configuration.database = replicaDatabase
            configuration.telemetry = try telemetry.settings()
            if !logsNothing {
                configuration.decisionLog = try logging.settings(
                    directory: (state ?? Self.logState) + "/decisions", configuration.telemetry)
            }
            configuration.shadow = try shadow.source(isSigned: trust.trustedKeys != nil)
            configuration.shadowShare = shadow.share
            let format = output.format
            configuration.server.ownLog = log.log
            configuration.server.logsRequests = serverLog.logsRequests
            let server = try ReplicaServer(configuration) { Self.show($0, format, log) }
            let signals = StopSignals { server.stop() }
            try withExtendedLifetime(signals) { try server.run() }
        }
    }

    private static func show(_ event: ReplicaServer.Event, _ format: OutputFormat, _ log: OperatorLog) {
        switch event {
        case .info(let text): log.info(text)
        case .warning(let text): log.warning(text)
        case .serving(let url, let engine):
            switch format {
            case .human:
                let bundle =
                    engine.map { "bundle sha256:\($0.digest.prefix(12)) of commit \($0.commit.prefix(12))" } ?? "no bundle has come yet"
                Terminal.out("serving \(url), \(bundle); Ctrl-C stops")
            case .json:
                Terminal.out([
                    "url": .string(url), "digest": engine.map { .string("sha256:\($0.digest)") } ?? .null,
                    "commit": engine.map { .string($0.commit) } ?? .null,
                ])
            }
        }
    }
}
