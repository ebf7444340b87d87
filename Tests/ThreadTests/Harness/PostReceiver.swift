import Foundation
import Glibc
import Synchronization
import TestSupport

/// A small HTTP server that takes POSTs and remembers them.
final class PostReceiver: Sendable {
    struct Post: Sendable {
        /// By lower-case name.
        var headers: [String: String]
        var body: [UInt8]
    }

    private struct State {
        var posts: [Post] = []
        var statuses: [Int]
        var isStopped = false
    }

    let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    /// - Parameters:
    ///   - statuses: answered one after the other; then 200.
    ///   - isListening: whether it takes connections already; until `begin` it refuses them, and the port is nobody else's.
    init(statuses: [Int] = [], isListening: Bool = true) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = socket
        state = Mutex(State(statuses: statuses))
        var address = sockaddr_in.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard address.with({ bind(socket, $0, $1) }) == 0 else {
            throw Failure("no port to listen on: \(String(cString: strerror(errno)))")
        }
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &length) }
        }
        port = UInt16(bigEndian: address.sin_port)
        if isListening { begin() }
    }

    /// Takes connections. Once.
    func begin() {
        let socket = listener
        listen(socket, 16)
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                if connection < 0 { break }
                self?.answer(connection)
                close(connection)
            }
            // Here and nowhere else: closed twice, its number would be another file's by then.
            close(socket)
        }
    }

    deinit { stop() }

    /// Refuses further connections. Once: its thread closes the socket then, and the number may be another's.
    func stop() {
        state.withLock { state in
            if !state.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
            state.isStopped = true
        }
    }

    var posts: [Post] { state.withLock { $0.posts } }

    private func answer(_ connection: Int32) {
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let post = Self.parse(received) {
                let status = state.withLock { state in
                    state.posts.append(post)
                    return state.statuses.isEmpty ? 200 : state.statuses.removeFirst()
                }
                let text = Array("HTTP/1.1 \(status) Answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                _ = text.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                return
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            received += chunk[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8]) -> Post? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        var headers: [String: String] = [:]
        for line in text[..<end.lowerBound].components(separatedBy: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let body = Array(text[end.upperBound...].utf8)
        guard let length = headers["content-length"].flatMap(Int.init), body.count >= length else { return nil }
        return Post(headers: headers, body: body)
    }
}
