import ArgumentParser
import ControlPlane
import GovernanceModel

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify who signed a bundle, and which commit it was made from.")

    @Argument(help: "The bundle.")
    var bundle: String

    @Option(name: .long, help: "The file with the trusted keys.")
    var trustedKeys: String

    @Option(name: .long, help: "The file with the signature; `BUNDLE.dsse.json` by default.")
    var signature: String?

    @Option(name: .long, help: "Verify as if it were this time, e.g. 2026-01-31T12:00:00Z.")
    var now: String?

    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let time = try now.map { text in
                guard let seconds = Timestamp.seconds(text) else {
                    throw ControlError(.usage, "`\(text)` is no time; write 2026-01-31T12:00:00Z")
                }
                return seconds
            }
            let verification = try BundleVerification(bundle: bundle, signature: signature, trustedKeys: trustedKeys, time: time)
            if output.format == .json { Terminal.out(verification.json) }
            let signed = try verification.result.get()
            if output.format == .human { Terminal.out(verification.text(signed)) }
        }
    }
}
