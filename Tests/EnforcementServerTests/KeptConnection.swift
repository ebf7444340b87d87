import Foundation
import Glibc
import JSON
import TestSupport

/// A connection over which one request after the other is sent.
final class KeptConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in.loopback(port: UInt16(port))
        guard address.with({ connect(descriptor, $0, $1) }) == 0 else { throw Failure("no connection to port \(port)") }
    }

    deinit { close(descriptor) }

    /// Asks for a decision; the status and the body of the answer.
    func decide(_ request: [UInt8]) throws -> (status: Int, body: [UInt8]) {
        let head =
            "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(request.count)\r\n\r\n"
        let bytes = Array(head.utf8) + request
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Failure("the request was not taken") }
        let mark = Array("\r\n\r\n".utf8)
        var end: Int?
        while end == nil {
            end = received.indices.first { received[$0...].starts(with: mark) }
            if end == nil { try more() }
        }
        let start = (end ?? 0) + mark.count
        let lines = String(decoding: received[..<start], as: UTF8.self).split(separator: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        guard let length, let status = Int(lines[0].split(separator: " ")[1]) else { throw Failure("no length: \(lines)") }
        while received.count < start + length { try more() }
        defer { received.removeFirst(start + length) }
        return (status, Array(received[start..<start + length]))
    }

    private func more() throws {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Failure("the server has ended the connection") }
        received += chunk[..<count]
    }
}
