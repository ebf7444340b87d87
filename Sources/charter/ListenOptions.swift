import ArgumentParser
import ControlPlane
import Foundation

/// Where a server listens.
struct ListenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "Address and port to listen on. Only loopback addresses: there is no authentication yet. Port 0 takes any free one.")
    var listen = "127.0.0.1:8181"

    var host: String { get throws { try split().host } }
    var port: Int { get throws { try split().port } }

    private func split() throws -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw ControlError(.usage, "`\(listen)` is no address and port; write 127.0.0.1:8181")
        }
        let host = String(listen[..<colon]).trimmingCharacters(in: ["[", "]"])
        guard host == "localhost" || host == "::1" || host.hasPrefix("127.") else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(host)`: requests are not authenticated yet, so only loopback addresses (127.0.0.1, ::1) are allowed"
            )
        }
        return (host, port)
    }
}
