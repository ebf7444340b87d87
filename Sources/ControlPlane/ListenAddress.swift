import Foundation
import Glibc

/// Where a server listens: an address of this machine and a port.
public struct ListenAddress: Sendable, Equatable {
    public var host: String
    /// 0 for any free one.
    public var port: Int

    /// - Parameter text: `127.0.0.1:8181`, `[::1]:8181`, `localhost:8181`.
    public init(_ text: String) throws(ControlError) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw ControlError(.usage, "`\(text)` is no address and port; write 127.0.0.1:8181")
        }
        let host = String(text[..<colon]).trimmingCharacters(in: ["[", "]"])
        guard host == "localhost" || Self.isLoopback(host) else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(host)`: requests are not authenticated yet, so only loopback addresses (127.0.0.1, ::1) are allowed"
            )
        }
        self.host = host
        self.port = port
    }

    /// Whether `host` is an address, not a name, of the loopback network.
    private static func isLoopback(_ host: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return UInt32(bigEndian: v4.s_addr) >> 24 == 127 }
        return inet_pton(AF_INET6, host, &v6) == 1 && host == "::1"
    }
}
