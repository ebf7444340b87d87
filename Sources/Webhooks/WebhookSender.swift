import CLibCurl
import Digest

/// Sends messages that their receiver can tell the sender of, by Standard Webhooks 1.0.0.
public enum WebhookSender {
    /// Why a message was not taken.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Seconds until a receiver that does not answer is given up.
    public static let timeout = 10

    /// Whether messages may be sent there: https, or http to this machine.
    public static func mayReach(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst("http://".count).prefix { !"/?#".contains($0) }
        if authority.contains("@") { return false }
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host == "127.0.0.1"
    }

    /// Sends `body`, which is JSON, and waits for the answer. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - id: of the message: sent again, it is the same.
    ///   - time: seconds since 1970.
    ///   - key: what the signature is made with; unsigned without.
    ///   - timeout: seconds until a receiver that does not answer is given up.
    /// - Throws: unless the answer is 2xx.
    public static func send(_ body: [UInt8], id: String, time: Int64, to url: String, key: [UInt8]?, timeout: Int = timeout) throws(Failure)
    {
        guard mayReach(url), url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Failure(description: "the receiver must be https, or http on this machine")
        }
        // What is no visible character would begin another header.
        guard id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw Failure(description: "the message's id is no word") }
        var headers = ["Content-Type: application/json", "User-Agent: charter", "webhook-id: \(id)", "webhook-timestamp: \(time)"]
        if let key { headers.append("webhook-signature: \(WebhookSignature.make(body, id: id, time: time, key: key))") }
        var status = 0
        var message = [CChar](repeating: 0, count: 256)
        let code = withCStrings(headers) { headers in
            charter_http_post(url, headers, body, body.count, timeout, &status, &message, message.count)
        }
        guard code == 0 else { throw Failure(description: "not delivered: \(text(message))") }
        guard (200..<300).contains(status) else { throw Failure(description: "answered with status \(status)") }
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func withCStrings<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        func nest(_ rest: ArraySlice<String>, _ pointers: [UnsafePointer<CChar>?]) -> Value {
            guard let first = rest.first else {
                return (pointers + [nil]).withUnsafeBufferPointer { list in
                    // INVARIANT: the list holds the null at least.
                    body(list.baseAddress.unsafelyUnwrapped)
                }
            }
            return first.withCString { nest(rest.dropFirst(), pointers + [$0]) }
        }
        return nest(texts[...], [])
    }
}

/// The signature of Standard Webhooks 1.0.0, symmetric: HMAC-SHA-256 over `id.timestamp.body`.
public enum WebhookSignature {
    /// The value of the header `webhook-signature`.
    public static func make(_ body: [UInt8], id: String, time: Int64, key: [UInt8]) -> String {
        "v1,\(Base64.encode(HMACSHA256.code(of: Array("\(id).\(time).".utf8) + body, key: key)))"
    }

    /// The key that a secret stands for: `whsec_` and base64, or any other text as it is.
    public static func key(_ secret: String) -> [UInt8]? {
        guard secret.hasPrefix("whsec_") else { return secret.isEmpty ? nil : Array(secret.utf8) }
        guard let key = Base64.decode(String(secret.dropFirst("whsec_".count))), !key.isEmpty else { return nil }
        return key
    }
}
