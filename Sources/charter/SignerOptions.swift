import ArgumentParser
import ControlPlane

/// Whose commits a command believes, whatever the commits say.
struct SignerOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "A list of who may sign commits, as ssh-keygen(1) has it: replaces the organisation's, and makes signatures required.")
    var allowedSigners: String?

    @Option(name: .long, help: "The OpenPGP keys, as `gpg --export` writes them; makes signatures required.")
    var gpgKeyring: String?

    func trust() throws -> OperatorTrust? { try OperatorTrust(allowedSignersFile: allowedSigners, keyringFile: gpgKeyring) }
}
