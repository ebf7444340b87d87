import Compression
import Foundation
import Glibc
import JSON
import Synchronization

/// A small HTTP server on a loopback port that answers requests as a test wants, and keeps them.
package final class UploadReceiver: Sendable {
    package struct Upload: Sendable {
        package var method: String
        /// With what follows a `?`.
        package var path: String
        /// By name in small letters.
        package var fields: [String: String]
        /// As it was meant: no longer compressed.
        package var body: [UInt8]
        /// When it came, by a clock that nobody sets.
        package var at: ContinuousClock.Instant

        package var text: String { String(decoding: body, as: UTF8.self) }
        package var json: JSONValue { get throws { try JSONParser.parse(body) } }
    }

    package struct Answer: Sendable {
        package var status: Int
        package var fields: [String: String]
        package var body: String

        package init(_ status: Int, _ fields: [String: String] = [:], body: String = "{}") {
            self.status = status
            self.fields = fields
            self.body = body
        }
    }

    package let port: UInt16
    private let listener: Int32
    private let answer: @Sendable (Upload) -> Answer
    private let received = Mutex<[(upload: Upload, status: Int)]>([])

    /// - Parameter isListening: whether it takes connections already; until `begin` it refuses them, and the port is nobody else's.
    package init(isListening: Bool = true, _ answer: @escaping @Sendable (Upload) -> Answer = { _ in Answer(200) }) throws {
        self.answer = answer
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = socket
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
    package func begin() {
        let socket = listener
        listen(socket, 16)
        Thread.detachNewThread { [self] in
            // Ends when `stop` has shut the socket down.
            while case let connection = accept(socket, nil, nil), connection >= 0 {
                Thread.detachNewThread { self.serve(connection) }
            }
            // Not before: its number would be another socket's.
            close(socket)
        }
    }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    package var url: String { "http://127.0.0.1:\(port)" }

    /// All that were answered with 2xx, to this path.
    package func taken(_ path: String) -> [Upload] {
        received.withLock { $0.filter { $0.upload.path == path && (200..<300).contains($0.status) }.map(\.upload) }
    }

    package var all: [Upload] { received.withLock { $0.map(\.upload) } }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            guard let (upload, length) = Self.parse(bytes) else {
                let count = recv(connection, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                bytes += chunk[..<count]
                continue
            }
            bytes.removeFirst(length)
            let answer = answer(upload)
            received.withLock { $0.append((upload, answer.status)) }
            var text = "HTTP/1.1 \(answer.status) Answer\r\nContent-Type: application/json\r\nContent-Length: \(answer.body.utf8.count)\r\n"
            for (name, value) in answer.fields { text += "\(name): \(value)\r\n" }
            text += "\r\n" + answer.body
            guard send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count else { return }
        }
    }

    private static func parse(_ bytes: [UInt8]) -> (Upload, Int)? {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0] == 0x0d && bytes[$0...].starts(with: mark) }) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let start = end + mark.count
        guard let length = Int(fields["content-length"] ?? "0"), bytes.count >= start + length else { return nil }
        var body = Array(bytes[start..<start + length])
        if fields["content-encoding"] == "gzip" {
            body =
                (try? body.withUnsafeBytes { try Gzip.inflate($0, limits: .init(bytes: 64 << 20, ratio: 2_000, ratioFrom: 64 << 20)) })
                ?? []
        }
        let words = lines[0].split(separator: " ").map(String.init)
        return (
            Upload(method: words.first ?? "", path: words.dropFirst().first ?? "", fields: fields, body: body, at: .now), start + length
        )
    }
}

extension UploadReceiver {
    /// The events of all bodies that were taken at this path, each body being an array.
    package func events(_ path: String) throws -> [JSONValue] { try taken(path).flatMap { try $0.json.arrayValue ?? [] } }
}
