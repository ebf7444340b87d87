import Glibc

/// A TCP socket that listens on a loopback port. Without `accept` it never answers.
package final class LoopbackListener: Sendable {
    private let descriptor: Int32
    package let port: UInt16

    /// - Parameter refuses: whether connections are refused, as by a server that is gone. The port is nobody else's all the same.
    package init(refuses: Bool = false) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = address.with { bind(descriptor, $0, $1) } == 0 && (refuses || listen(descriptor, 64) == 0)
        let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isBound, isNamed else { throw Failure("no port to listen on: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Waits for a connection; `nil` once `stop` was called.
    package func accept() -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                return connection
            }
            guard [EINTR, ECONNABORTED].contains(errno) else { return nil }
        }
    }

    /// Refuses further connections.
    package func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
