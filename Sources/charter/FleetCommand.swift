import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import Glibc

struct FleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Run `charter up` for several organisations, each in a process of its own.",
        discussion: """
            The file names the organisations:

              database: postgresql://charter@db.example/governance   # of those that name none of their own
              organizations:
                - name: acme                     # its state folder, and in the fleet's database the prefix of its schemas and roles
                  repository: https://git.example/acme.git
                  path: governance               # also: branch, tag or commit
                  listen: 127.0.0.1:8181
                  pollInterval: 15s              # also: database, schema, alertWebhook
                - {name: globex, repository: /srv/globex, listen: 127.0.0.1:8182}

            A process that ends is started again, after a second at first and a minute at most. SIGHUP reads the file again: new \
            organisations start, removed ones stop, changed ones start anew; a file that is not good changes nothing. Ctrl-C stops all.

            CHARTER_GIT_TOKEN_ACME, CHARTER_WEBHOOK_SECRET_ACME and CHARTER_ALERT_SECRET_ACME are the variables without `_ACME` for `acme` alone.
            """)

    @Argument(help: "The file that names the organisations.")
    var file: String

    @Option(name: .long, help: "The folder in which each organisation has its state folder.")
    var state = ".charter"

    func run() throws {
        try Terminal.run {
            let daemon = FleetDaemon(FleetFile(file), state: state, environment: ProcessInfo.processInfo.environment) { Self.show($0) }
            let signals = [StopSignals([SIGINT, SIGTERM]) { daemon.stop() }, StopSignals([SIGHUP]) { daemon.reload() }]
            do {
                try withExtendedLifetime(signals) { try daemon.run() }
            } catch let refusal as FleetFile.Refusal {
                Terminal.findings(refusal.diagnostics, sources: refusal.sources, to: 2)
                throw ControlError(.input, "`\(file)` is no fleet: \(refusal.diagnostics.counts)")
            }
        }
    }

    private static func show(_ event: FleetDaemon.Event) {
        switch event {
        case .info(let text): Terminal.err("• \(text)")
        case .warning(let text): Terminal.err("! \(SecretScanner.mask(text))")
        case .line(let organization, let text, let isError):
            let line = "\(organization) | \(text)"
            if isError { Terminal.err(line) } else { Terminal.out(line) }
        case .refused(let refusal): Terminal.findings(refusal.diagnostics, sources: refusal.sources, to: 2)
        }
    }
}
