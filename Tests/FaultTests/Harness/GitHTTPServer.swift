import Foundation
import Glibc
import Synchronization
import TestSupport

/// Serves git repositories over HTTP on this machine, by `git http-backend`, as well or as badly as a test wants.
final class GitHTTPServer: Sendable {
    enum Behaviour: Sendable {
        case good
        /// Takes requests and never answers.
        case silent
        /// Answers begin, and do not go on.
        case stalled
        /// The connection ends after half of an answer, whose length was told.
        case truncated
        /// The same for the answer with the objects alone.
        case truncatedPack
        /// Every request is answered so.
        case status(String)
        /// Every request is sent elsewhere.
        case redirect(String)
        /// The answer is no git at all.
        case nonsense
    }

    private let listener: LoopbackListener
    private let root: String
    private let behaviour = Mutex(Behaviour.good)
    private let count = Mutex(0)

    /// The address of a repository below the root.
    func url(_ repository: String) -> String { "http://127.0.0.1:\(listener.port)/\(repository)" }

    /// How many requests have come.
    var requests: Int { count.withLock { $0 } }

    func behave(_ new: Behaviour) { behaviour.withLock { $0 = new } }

    /// - Parameter root: the folder with the repositories.
    init(root: String) throws {
        listener = try LoopbackListener()
        self.root = root
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while let connection = listener.accept() {
                guard let self else { return }
                Thread.detachNewThread {
                    self.serve(connection)
                    close(connection)
                }
            }
        }
    }

    func stop() { listener.stop() }

    private struct Request {
        var method: Substring
        var path: String
        var query: String
        var fields: [String: String]
        var body: [UInt8]
    }

    private func serve(_ connection: Int32) {
        guard let request = try? Self.read(connection) else { return }
        count.withLock { $0 += 1 }
        let behaviour = behaviour.withLock { $0 }
        func answer(_ text: String) { Self.write(Array(text.utf8), to: connection) }
        switch behaviour {
        case .silent: Self.waitForEnd(connection)
        case .status(let status): answer("HTTP/1.1 \(status)\r\nRetry-After: 1\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsorry\n")
        case .redirect(let place):
            answer("HTTP/1.1 301 Moved Permanently\r\nLocation: \(place)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        case .nonsense:
            answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>Welcome!")
        case .good, .stalled, .truncated, .truncatedPack:
            guard let (head, body) = try? run(request) else { return answer("HTTP/1.1 500 Internal Server Error\r\n\r\n") }
            let text = "HTTP/1.1 \(head)Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            var isCut = false
            switch behaviour {
            case .stalled, .truncated: isCut = true
            case .truncatedPack: isCut = request.method == "POST"
            default: break
            }
            Self.write(Array(text.utf8) + (isCut ? body.prefix(body.count / 2) : body[...]), to: connection)
            if case .stalled = behaviour { Self.waitForEnd(connection) }
        }
    }

    /// Calls git; the status with the header fields, and the body.
    private func run(_ request: Request) throws -> (head: String, body: [UInt8]) {
        let backend = try ChildProgram(
            ["git", "http-backend"], in: root, input: request.body,
            environment: [
                "GIT_PROJECT_ROOT": root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path, "QUERY_STRING": request.query,
                "REQUEST_METHOD": String(request.method), "CONTENT_TYPE": request.fields["content-type"] ?? "",
                "CONTENT_LENGTH": "\(request.body.count)", "GIT_PROTOCOL": request.fields["git-protocol"] ?? "",
                "HTTP_CONTENT_ENCODING": request.fields["content-encoding"] ?? "", "REMOTE_ADDR": "127.0.0.1",
            ])
        try backend.wait()
        let output = backend.outputBytes
        let mark = Array("\r\n\r\n".utf8)
        guard let end = output.indices.first(where: { output[$0...].starts(with: mark) }) else { throw Failure(backend.errors) }
        var status = "200 OK"
        var fields = ""
        for line in String(decoding: output[..<end], as: UTF8.self).split(separator: "\r\n") {
            if line.hasPrefix("Status: ") { status = String(line.dropFirst(8)) } else { fields += line + "\r\n" }
        }
        return (status + "\r\n" + fields, Array(output[(end + mark.count)...]))
    }

    private static func read(_ connection: Int32) throws -> Request {
        var bytes: [UInt8] = []
        let mark = Array("\r\n\r\n".utf8)
        func more() throws {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { throw Failure("the request has no end") }
            bytes += chunk[..<count]
        }
        var end: Int?
        while end == nil {
            try more()
            end = bytes.indices.first { bytes[$0...].starts(with: mark) }
        }
        guard let end else { throw Failure("the request has no head") }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { throw Failure("no request: \(lines[0])") }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        while bytes.count < end + mark.count + length { try more() }
        let target = words[1].split(separator: "?", maxSplits: 1)
        return Request(
            method: words[0], path: String(target[0]), query: target.count > 1 ? String(target[1]) : "", fields: fields,
            body: Array(bytes[(end + mark.count)...]))
    }

    private static func write(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Until the client gives up.
    private static func waitForEnd(_ connection: Int32) {
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
    }
}
