import Foundation
import Glibc
import JSON

/// An answer of a server.
package struct HTTPAnswer {
    package var status: Int
    /// By name in small letters.
    package var fields: [String: String]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
    package var json: JSONValue { get throws { try JSONParser.parse(body) } }
}

/// Sends single requests over a plain socket, byte for byte as a test wants them.
package struct HTTPClient {
    package let port: UInt16

    package init(port: UInt16) { self.port = port }

    package func get(_ path: String, method: String = "GET") throws -> HTTPAnswer {
        try send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    }

    package func post(_ path: String, _ body: [UInt8], type: String? = "application/json") throws -> HTTPAnswer {
        let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(type)Content-Length: \(body.count)\r\n\r\n"
        return try exchange(Array(head.utf8) + body)
    }

    /// Sends a request with header fields of the test's own.
    package func request(
        _ method: String, _ path: String, _ fields: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPAnswer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return try exchange(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// Asks for a decision.
    package func decide(_ request: JSONValue) throws -> HTTPAnswer { try post("/v1/decisions", JSONWriter.bytes(request)) }

    package func send(_ text: String) throws -> HTTPAnswer { try exchange(Array(text.utf8)) }

    /// Sends bytes and reads until the server closes.
    package func exchange(_ bytes: [UInt8]) throws -> HTTPAnswer {
        for _ in 0..<5 {
            let start = ContinuousClock.now
            let received = try receive(bytes)
            // A server closes a connection that says nothing for ten seconds, as one does whose client gets no turn.
            if received.isEmpty, ContinuousClock.now - start > .seconds(8) { continue }
            return try parse(received)
        }
        throw Failure("port \(port) closes what it has not read")
    }

    private func receive(_ bytes: [UInt8]) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in.loopback(port: port)
        let connected = address.with { connect(descriptor, $0, $1) }
        guard connected == 0 else { throw Failure("port \(port): \(String(cString: strerror(errno)))") }
        var sent = 0
        while sent < bytes.count {
            // A server that refuses a body may close before it was sent: that is for the answer to tell.
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { throw Failure("port \(port): no answer in five minutes") }
            guard count > 0 else { return received }
            received += chunk[..<count]
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> HTTPAnswer {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
            throw Failure("the answer has no head: \(String(decoding: bytes, as: UTF8.self))")
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure("no status: \(lines[0])")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Failure("no header field: \(line)") }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return HTTPAnswer(status: status, fields: fields, body: Array(bytes[(end + mark.count)...]))
    }
}

extension sockaddr_in {
    package static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    package mutating func with<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        withUnsafePointer(to: &self) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
