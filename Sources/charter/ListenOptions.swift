import ArgumentParser
import ControlPlane
import Foundation
import Glibc

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
        guard host == "localhost" || Self.isLoopback(host) else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(host)`: requests are not authenticated yet, so only loopback addresses (127.0.0.1, ::1) are allowed"
            )
        }
        return (host, port)
    }

    /// Whether `host` is an address, not a name, of the loopback network.
    private static func isLoopback(_ host: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return UInt32(bigEndian: v4.s_addr) >> 24 == 127 }
        return inet_pton(AF_INET6, host, &v6) == 1 && host == "::1"
    }
}
