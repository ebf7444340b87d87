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

    var address: ListenAddress { get throws { try ListenAddress(listen) } }
    var host: String { get throws { try address.host } }
    var port: Int { get throws { try address.port } }
}
