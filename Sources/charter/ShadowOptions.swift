import ArgumentParser
import ControlPlane

/// A second bundle that every decision is compared with.
struct ShadowOptions: ParsableArguments {
    @Option(
        name: .customLong("shadow"),
        help: "A second bundle, a file or an http(s) address, that decides beside the one in force; differences are counted (/v1/shadow).")
    var shadow: String?

    @Option(name: .customLong("shadow-share"), help: "The share of decisions that are compared: more than 0, and 1 at most.")
    var share = 1.0

    func validate() throws {
        guard share > 0, share <= 1 else { throw ValidationError("--shadow-share must be more than 0 and at most 1") }
        if shadow == "" { throw ValidationError("--shadow is empty; name a bundle file or an address") }
    }

    func source(isSigned: Bool) throws -> ReplicaSource? {
        try shadow.map {
            try ReplicaSource($0, token: Environment.text("CHARTER_SHADOW_TOKEN"), signature: nil, isSigned: isSigned)
        }
    }
}
