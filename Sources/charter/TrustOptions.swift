import ArgumentParser
import ControlPlane

/// Whose signature on a bundle a command asks for.
struct TrustOptions: ParsableArguments {
    @Option(name: .long, help: "The file with the trusted keys: a bundle that none of them has signed is refused.")
    var trustedKeys: String?

    @Option(name: .long, help: "The file with the signature; `BUNDLE.dsse.json` by default.")
    var signature: String?

    func validate() throws {
        if signature != nil, trustedKeys == nil { throw ValidationError("--signature needs --trusted-keys to verify it with") }
    }

    func source(_ bundle: String) -> BundleSource { BundleSource(path: bundle, signature: signature, trustedKeys: trustedKeys) }
}
