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
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ControlError(.usage, "`\(text)` is no address and port; write 127.0.0.1:8181")
        }
        self.host = host
        self.port = port
    }

    /// Whether nobody but this machine can reach it.
    public var isLoopback: Bool { host == "localhost" || Self.isLoopback(host) }

    /// The address, if only this machine can reach it.
    func onLoopback() throws(ControlError) -> ListenAddress {
        guard isLoopback else {
            throw ControlError(
                .usage,
                "refusing to listen on `\(host)`: a fleet's callers are not asked who they are, so only loopback addresses are allowed")
        }
        return self
    }

    /// Whether `host` is an address, not a name, of the loopback network.
    private static func isLoopback(_ host: String) -> Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return UInt32(bigEndian: v4.s_addr) >> 24 == 127 }
        return inet_pton(AF_INET6, host, &v6) == 1 && host == "::1"
    }
}
