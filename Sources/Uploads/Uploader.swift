import CLibCurl
import Compression
import Downloads

/// Sends bodies to one address by POST, over one connection where the server keeps it.
///
/// INVARIANT: used by one thread at a time, save where it is made.
public final class Uploader: @unchecked Sendable {
    /// Why a server did not answer.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// A line of the head.
    public struct Header: Sendable {
        public var name: String
        public var value: String

        /// - Returns: `nil` for what would not be one line: a name that is no token (RFC 9110 §5.6.2), or a value with other than visible ASCII
        ///   characters and spaces.
        public init?(_ name: String, _ value: String) {
            let isToken = { (byte: UInt8) in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
            guard !name.isEmpty, name.utf8.allSatisfy(isToken), !value.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                return nil
            }
            self.name = name
            self.value = value
        }
    }

    public struct Answer: Sendable {
        public var status: Int
        /// Seconds that the server wants to be left alone (RFC 9110 §10.2.3).
        public var retryAfter: Int?
        /// Its first 4096 bytes.
        public var body: [UInt8]
    }

    /// Seconds until a server that does not answer is given up.
    public static let timeout = 10

    public let address: WebAddress
    private let headers: [Header]
    private var handle: UnsafeMutableRawPointer?

    /// - Parameter headers: sent with every body; what is secret in them is not sent over plain http to another machine by whoever uses this.
    public init(_ address: WebAddress, headers: [Header]) {
        self.address = address
        self.headers = headers
    }

    deinit { charter_upload_end(handle) }

    /// Smaller bodies are not compressed.
    private static let leastFolded = 1024

    /// Sends JSON, compressed where that gains something, and waits for the answer. Blocks the calling thread.
    public func send(_ json: [UInt8]) throws(Failure) -> Answer {
        let folded = json.count < Self.leastFolded ? nil : json.withUnsafeBytes { Gzip.deflate($0) }
        return try send(folded ?? json, isFolded: folded != nil)
    }

    private func send(_ body: [UInt8], isFolded: Bool) throws(Failure) -> Answer {
        // Without `Expect`, curl asks first and waits a second for servers that do not know it.
        var lines = ["Content-Type: application/json", "User-Agent: charter", "Expect:"] + headers.map { "\($0.name): \($0.value)" }
        if isFolded { lines.append("Content-Encoding: gzip") }
        var answer = charter_upload_answer()
        var message = [CChar](repeating: 0, count: 256)
        let code = Self.withCStrings([address.text] + lines) { texts in
            body.withUnsafeBytes { bytes in
                var request = charter_upload_request(
                    url: texts[0], headers: texts.baseAddress?.advanced(by: 1), body: bytes.baseAddress, length: bytes.count,
                    connect_seconds: 5, total_seconds: Self.timeout)
                return charter_upload(&handle, &request, &answer, &message, message.count)
            }
        }
        guard code == 0 else {
            let why = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Failure(description: "\(address.shown) cannot be reached: \(why)")
        }
        let bytes = withUnsafeBytes(of: &answer.body) { Array($0.prefix(answer.length)) }
        return Answer(status: answer.status, retryAfter: answer.retry_after < 0 ? nil : answer.retry_after, body: bytes)
    }

    /// Calls `body` with the texts and a null behind them.
    private static func withCStrings<Value>(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        let bytes = texts.map { Array($0.utf8CString) }
        func nest(_ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?]) -> Value {
            guard let first = rest.first else { return (pointers + [nil]).withUnsafeBufferPointer(body) }
            return first.withUnsafeBufferPointer { nest(rest.dropFirst(), pointers + [$0.baseAddress]) }
        }
        return nest(bytes[...], [])
    }
}
