import CLibCurl

/// Fetches small documents over https.
public enum WebFetch {
    /// Why there is none.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Seconds until a server that does not answer is given up.
    public static let timeout = 10

    /// Fetches `url`: https, or http on this machine. Redirects are not followed. Blocks the calling thread.
    ///
    /// - Parameter limit: bytes; a longer document is a failure.
    public static func get(_ url: String, limit: Int, timeout: Int = timeout) throws(Failure) -> [UInt8] {
        guard WebhookSender.mayReach(url), url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Failure(description: "the address must be https, or http on this machine")
        }
        var body = [UInt8](repeating: 0, count: limit)
        var (length, status) = (0, 0)
        var message = [CChar](repeating: 0, count: 256)
        let code = charter_http_fetch(url, &body, body.count, &length, timeout, &status, &message, message.count)
        guard code == 0 else {
            throw Failure(description: String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        guard status == 200 else { throw Failure(description: "answered with status \(status)") }
        return Array(body.prefix(length))
    }
}
