import ArgumentParser
import ControlPlane
import Diagnostics

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer decisions over HTTP from a bundle file; no repository, no database.")

    @Argument(help: "The bundle.")
    var bundle: String

    @OptionGroup var trust: TrustOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var access: AccessOptions

    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let server = try BundleServer(
                bundle: trust.source(bundle), host: try listen.host, port: try listen.port,
                access: try access.access(for: listen.address, hasDatabase: false)
            ) { Terminal.err("! \(SecretScanner.mask($0))") }
            let signals = StopSignals { server.stop() }
            try withExtendedLifetime(signals) {
                try server.run { url, engine in
                    switch output.format {
                    case .human:
                        Terminal.out(
                            "serving \(url), bundle sha256:\(engine.digest.prefix(12)) of commit \(engine.commit.prefix(12)); Ctrl-C stops")
                    case .json:
                        Terminal.out(["url": .string(url), "digest": .string("sha256:\(engine.digest)"), "commit": .string(engine.commit)])
                    }
                }
            }
        }
    }
}
