import ArgumentParser
import ControlPlane

/// Where a server listens.
struct ListenOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "Address and port to listen on. Other addresses than loopback ones need --require-authentication, and TLS. Port 0 takes any free one."
    )
    var listen = "127.0.0.1:8181"

    @Option(
        name: .long,
        help: "The address by which clients reach the server, where it is another, e.g. behind a proxy. AuthZEN's discovery tells it.")
    var publicUrl: String?

    func validate() throws {
        guard let publicUrl else { return }
        guard publicUrl.hasPrefix("https://") || publicUrl.hasPrefix("http://"), publicUrl.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw ValidationError("--public-url must be an http or https address") }
    }

    var address: ListenAddress { get throws { try ListenAddress(listen) } }
    var host: String { get throws { try address.host } }
    var port: Int { get throws { try address.port } }
}
