import Glibc

/// Sends requests over many connections from one thread, each connection one after the other, and measures the answers.
///
/// It costs few microseconds a request, so that most of the machine is left to the server: bytes prepared before, one call for all connections, no parsing beyond
/// the status and the length.
public struct LoadGenerator {
    /// What was measured.
    public struct Result: Sendable {
        public var requests = 0
        /// Answers other than 2xx, and connections that were lost.
        public var failures = 0
        public var seconds = 0.0
        /// Of every answer, in nanoseconds, rising.
        public var latencies: [UInt32] = []
        /// The first failure, for people.
        public var firstFailure: String?

        public init() {}

        public var requestsPerSecond: Double { seconds > 0 ? Double(requests) / seconds : 0 }

        /// Microseconds below which this share of the answers came.
        public func microseconds(_ share: Double) -> Double {
            if latencies.isEmpty { return 0 }
            return Double(latencies[min(latencies.count - 1, Int(share * Double(latencies.count)))]) / 1_000
        }
    }

    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    private let port: UInt16
    private let connections: Int
    /// Whole requests, head and body.
    private let requests: [[UInt8]]

    /// - Parameters:
    ///   - requests: sent in their order, over and over, each connection beginning elsewhere.
    public init(port: Int, connections: Int, requests: [[UInt8]]) {
        self.port = UInt16(port)
        self.connections = connections
        self.requests = requests
    }

    /// A POST of JSON on a connection that is kept.
    public static func post(_ path: String, _ body: [UInt8], fields: String = "") -> [UInt8] {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// Nanoseconds between two attempts to connect anew, where the server is gone.
    private static let pause: UInt64 = 20_000_000

    private struct Connection {
        var socket: Int32
        var next: Int
        var sent: UInt64 = 0
        var received: [UInt8] = []
    }

    /// Sends for so many seconds, or until `isDone` says so.
    ///
    /// - Parameter each: called now and then, between answers, with the seconds since the beginning.
    public func run(seconds: Double, each: (Double) -> Void = { _ in }) throws(Failure) -> Result {
        var open: [Connection] = []
        defer { for connection in open where connection.socket >= 0 { close(connection.socket) } }
        var waiting: [pollfd] = []
        for number in 0..<connections {
            let connection = Connection(socket: try connect(), next: number * requests.count / connections)
            open.append(connection)
            waiting.append(pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0))
        }
        var result = Result()
        result.latencies.reserveCapacity(1 << 20)
        let start = Self.now()
        let end = start + UInt64(seconds * 1e9)
        for number in open.indices { try send(&open[number]) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var now = start
        var nextAttempt = start
        while now < end {
            // It never sleeps under full load, and the kernel takes the processor from it at its next tick only (4 ms at 250 Hz), which would be counted as
            // the server's time, where that waits for the same processor.
            sched_yield()
            _ = poll(&waiting, nfds_t(waiting.count), 20)
            now = Self.now()
            each(Double(now - start) / 1e9)
            if now >= nextAttempt {
                nextAttempt = now + Self.pause
                for number in open.indices where open[number].socket < 0 {
                    guard let socket = try? connect() else { break }
                    (open[number].socket, waiting[number].fd) = (socket, socket)
                    try send(&open[number])
                }
            }
            for number in waiting.indices where waiting[number].revents != 0 {
                let read = recv(open[number].socket, &buffer, buffer.count, 0)
                if read <= 0 {
                    result.failures += 1
                    if result.firstFailure == nil { result.firstFailure = "a connection was closed by the server" }
                    close(open[number].socket)
                    (open[number].socket, waiting[number].fd) = (-1, -1)
                    open[number].received.removeAll(keepingCapacity: true)
                    continue
                }
                try take(buffer[..<read], &open[number], &result)
            }
        }
        result.seconds = Double(now - start) / 1e9
        result.latencies.sort()
        return result
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ connection: inout Connection, _ result: inout Result) throws(Failure) {
        let status: Int
        if connection.received.isEmpty, let (found, count) = Self.answer(bytes), count == bytes.count {
            status = found
        } else {
            connection.received += bytes
            guard let (found, count) = Self.answer(connection.received[...]) else { return }
            guard count == connection.received.count else { throw Failure(description: "the server answered what was not asked") }
            status = found
            if status / 100 == 2 { connection.received.removeAll(keepingCapacity: true) }
        }
        result.requests += 1
        result.latencies.append(UInt32(min(UInt64(UInt32.max), Self.now() - connection.sent)))
        if status / 100 != 2 {
            result.failures += 1
            if result.firstFailure == nil {
                let text = connection.received.isEmpty ? Array(bytes) : connection.received
                result.firstFailure = String(decoding: text.prefix(600), as: UTF8.self)
            }
            connection.received.removeAll(keepingCapacity: true)
        }
        try send(&connection)
    }

    private func send(_ connection: inout Connection) throws(Failure) {
        let request = requests[connection.next]
        connection.next = (connection.next + 1) % requests.count
        connection.sent = Self.now()
        var written = 0
        while written < request.count {
            let count = request.withUnsafeBytes {
                Glibc.send(connection.socket, $0.baseAddress?.advanced(by: written), request.count - written, Int32(MSG_NOSIGNAL))
            }
            // Lost: reading from it tells.
            if count < 0 { return }
            written += count
        }
    }

    /// The status and the length of a whole answer; `nil` if it is not whole.
    static func answer(_ bytes: ArraySlice<UInt8>) -> (status: Int, count: Int)? {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count > 16 else { return nil }
            let status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
            var place = 12
            var length = 0
            while place + 3 < bytes.count {
                guard bytes[place] == 0x0d else {
                    place += 1
                    continue
                }
                if bytes[place + 2] == 0x0d {
                    let end = place + 4 + length
                    return bytes.count >= end ? (status, end) : nil
                }
                place += 2
                // The first letters tell it from all other fields of an answer.
                if place + 16 < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "c"), bytes[place + 8] | 0x20 == UInt8(ascii: "l") {
                    var digit = place + 15
                    while digit < bytes.count, bytes[digit] == 0x20 { digit += 1 }
                    while digit < bytes.count, (0x30...0x39).contains(bytes[digit]) {
                        length = length * 10 + Int(bytes[digit]) - 48
                        digit += 1
                    }
                    place = digit
                }
            }
            return nil
        }
    }

    /// One whole answer to a GET, on a connection of its own.
    public static func get(port: Int, _ path: String) throws(Failure) -> [UInt8] {
        let socket = try LoadGenerator(port: port, connections: 1, requests: []).connect()
        defer { close(socket) }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)
        guard Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Failure(description: "the server took no request")
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return answer }
            answer += buffer[..<count]
            // Not every server closes because it was asked to.
            if Self.answer(answer[...]) != nil { return answer }
        }
    }

    private func connect() throws(Failure) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(socket)
            throw Failure(description: "cannot connect to port \(port): \(String(cString: strerror(errno)))")
        }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return socket
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
