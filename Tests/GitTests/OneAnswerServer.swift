import Foundation
import Synchronization

/// An HTTP server on this machine that gives every request the same answer and closes.
final class OneAnswerServer: Sendable {
    struct CannotListen: Error {}

    let port: UInt16
    private let listener: Int32
    private let log = Mutex<[String]>([])

    /// The heads of the requests so far.
    var requests: [String] { log.withLock { $0 } }

    init(_ answer: String) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isBound else { throw CannotListen() }
        // The thread ends when `deinit` shuts the listener down.
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { break }
                var head = ""
                var buffer = [UInt8](repeating: 0, count: 4096)
                while !head.contains("\r\n\r\n") {
                    let count = read(connection, &buffer, buffer.count)
                    if count <= 0 { break }
                    head += String(decoding: buffer.prefix(count), as: UTF8.self)
                }
                self?.log.withLock { $0.append(head) }
                _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                close(connection)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
