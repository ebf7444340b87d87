import ArgumentParser
import ControlPlane

/// Where a server listens.
struct ListenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "Address and port to listen on. Only loopback addresses: there is no authentication yet. Port 0 takes any free one.")
    var listen = "127.0.0.1:8181"

    var host: String { get throws { try ListenAddress(listen).host } }
    var port: Int { get throws { try ListenAddress(listen).port } }
}
