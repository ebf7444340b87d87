import NIOCore
import NIOHTTP1

/// Writes response heads; the service's own fields come from here alone.
enum ResponseEncoder {
    /// What the connection adds to a response.
    struct Frame {
        var method: HTTPMethod
        var closes: Bool
        /// The client is HTTP/1.0 and asked to keep the connection.
        var mentionsKeepAlive: Bool
        var requestID: String?
    }

    /// Appends the head of `response`.
    static func write(_ response: HTTPResponse, _ frame: Frame, date: [UInt8], server: [UInt8], to out: inout ByteBuffer) {
        let code = response.status.code
        out.writeStaticString("HTTP/1.1 ")
        write(number: Int(code), to: &out)
        out.writeStaticString(" ")
        if case .custom = response.status {
            write(value: response.status.reasonPhrase, to: &out)
        } else {
            out.writeString(response.status.reasonPhrase)
        }
        out.writeStaticString("\r\n")
        for (name, value) in response.headers where isToken(name) && !isOwn(name) {
            out.writeString(name)
            out.writeStaticString(": ")
            write(value: value, to: &out)
            out.writeStaticString("\r\n")
        }
        if code != 204 && code != 304 {
            out.writeStaticString("Content-Length: ")
            write(number: response.body.readableBytes, to: &out)
            out.writeStaticString("\r\n")
        }
        if let id = frame.requestID {
            out.writeStaticString("X-Request-ID: ")
            out.writeString(id)
            out.writeStaticString("\r\n")
        }
        if frame.closes {
            out.writeStaticString("Connection: close\r\n")
        } else if frame.mentionsKeepAlive {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeBytes(server)
        out.writeBytes(date)
        out.writeStaticString("\r\n")
    }

    /// Appends a whole answer of JSON with status 200.
    static func writePlain(
        _ body: UnsafeRawBufferPointer, requestID: UnsafeRawBufferPointer?, date: [UInt8], server: [UInt8], to out: inout ByteBuffer
    ) {
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: body.count + 384 + server.count + date.count) { target in
            var place = 0
            func write(_ bytes: UnsafeRawBufferPointer) {
                UnsafeMutableRawBufferPointer(rebasing: target[place..<place + bytes.count]).copyMemory(from: bytes)
                place += bytes.count
            }
            func write(_ text: StaticString) {
                write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            }
            write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ")
            place = writeDigits(of: body.count, to: target, at: place)
            write("\r\n")
            if let requestID {
                write("X-Request-ID: ")
                write(requestID)
                write("\r\n")
            }
            server.withUnsafeBytes { write($0) }
            date.withUnsafeBytes { write($0) }
            write("\r\n")
            write(body)
            return place
        }
    }

    /// Writes a number that is not negative; returns where it ends.
    private static func writeDigits(of number: Int, to target: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
        var (digits, rest) = (1, number / 10)
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = number
        for digit in stride(from: place + digits - 1, through: place, by: -1) {
            target[digit] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return place + digits
    }

    /// Whether the body of `response` goes on the wire.
    static func sendsBody(_ response: HTTPResponse, to method: HTTPMethod) -> Bool {
        method != .HEAD && response.status.code != 204 && response.status.code != 304 && response.body.readableBytes > 0
    }

    /// Whether the handler asked for the connection to close.
    static func asksToClose(_ headers: HTTPHeaders) -> Bool {
        headers.contains { $0.name.isField("connection") && $0.value.isField("close") }
    }

    /// A whole `Server` line, or nothing.
    static func serverLine(_ name: String?) -> [UInt8] {
        guard let name, !name.isEmpty else { return [] }
        var line = ByteBuffer(string: "Server: ")
        write(value: name, to: &line)
        line.writeStaticString("\r\n")
        return Array(line.readableBytesView)
    }

    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.isField("date")
        case 6: name.isField("server")
        case 10: name.isField("connection") || name.isField("keep-alive")
        case 12: name.isField("x-request-id")
        case 14: name.isField("content-length")
        case 17: name.isField("transfer-encoding")
        default: false
        }
    }

    /// A field name as in RFC 9110 §5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"),
                    UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
                    true
                default: false
                }
            }
    }

    /// Appends a field value. A line break in one would let whoever chose it write fields of their own, so control characters become
    /// spaces.
    private static func write(value: String, to out: inout ByteBuffer) {
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            out.writeString(value)
        } else {
            out.writeBytes(value.utf8.map { $0 >= 0x20 && $0 != 0x7F ? $0 : UInt8(ascii: " ") })
        }
    }

    private static func write(number: Int, to out: inout ByteBuffer) {
        out.writeString(String(number))
    }
}
