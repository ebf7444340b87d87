import CLibCurl
import Glibc

/// Fetches a file over HTTP.
public struct Download: Sendable {
    /// Why nothing was fetched.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public enum Kind: String, Sendable {
            /// No answer came, or it broke off.
            case unreachable = "Unreachable"
            /// 401 or 403.
            case forbidden = "Forbidden"
            /// 404 or 410.
            case notFound = "NotFound"
            /// Another status than one that says what is asked for.
            case refused = "BadStatus"
            case tooLarge = "TooLarge"
            /// It leads to another server, or round and round.
            case redirected = "Redirected"
        }

        public var kind: Kind
        public var description: String
    }

    public enum Answer: Sendable {
        /// It is the one that the caller has.
        case unchanged
        case file(File)
    }

    public struct File: Sendable {
        public var bytes: [UInt8]
        /// As it is to be given back, with its quotes.
        public var etag: String?
        /// What the header `Charter-Epoch` says.
        public var epoch: Int64?
    }

    private static let mostRedirects = 5

    public var address: WebAddress
    /// Sent to that server alone, and only where nobody can read it on the way.
    public var token: String?
    /// In bytes.
    public var limit: Int
    /// Until all of it has come.
    public var seconds = 900
    /// Whether a redirect within one server is followed; if not, it is a failure.
    public var followsRedirects = true

    /// - Precondition: a token has visible ASCII characters only.
    public init(_ address: WebAddress, token: String? = nil, limit: Int) {
        precondition(token?.utf8.allSatisfy { (0x21...0x7E).contains($0) } ?? true, "a token is one word")
        self.address = address
        self.token = token
        self.limit = limit
    }

    /// Whether a text can be a token.
    public static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Asks for the file. Blocks the calling thread.
    ///
    /// A redirect within one server is followed. Another server is not asked: whoever can make the first one redirect would choose what is fetched.
    ///
    /// - Parameters:
    ///   - etag: of the file that the caller has.
    ///   - isStopping: asked now and then; if so, fetching ends.
    public func fetch(unless etag: String?, isStopping: @escaping @Sendable () -> Bool) throws(Failure) -> Answer {
        var place = address
        for _ in 0...Self.mostRedirects {
            var answer = try request(place, etag, isStopping)
            defer { charter_download_free(&answer) }
            if answer.is_too_large != 0 { throw Failure(kind: .tooLarge, description: "\(address.shown) is larger than \(limit) bytes") }
            switch answer.status {
            case 200:
                let bytes = Array(UnsafeRawBufferPointer(start: answer.body, count: answer.length))
                let epoch = place.isPrivate ? Int64(Self.text(&answer.epoch)).flatMap { $0 > 0 ? $0 : nil } : nil
                let tag = Self.text(&answer.etag)
                return .file(File(bytes: bytes, etag: tag.hasSuffix("\"") ? tag : nil, epoch: epoch))
            case 304 where etag != nil: return .unchanged
            case 301, 302, 303, 307,
                308 where followsRedirects:
                place = try follow(Self.text(&answer.redirect), from: place)
            case 401, 403:
                throw Failure(kind: .forbidden, description: "\(address.shown) does not let this caller in: status \(answer.status)")
            case 404, 410: throw Failure(kind: .notFound, description: "there is nothing at \(address.shown): status \(answer.status)")
            default: throw Failure(kind: .refused, description: "\(address.shown) answers with status \(answer.status)")
            }
        }
        throw Failure(kind: .redirected, description: "\(address.shown) leads from one address to the next without end")
    }

    private func follow(_ text: String, from place: WebAddress) throws(Failure) -> WebAddress {
        do throws(WebAddress.Invalid) {
            let next = try WebAddress(text)
            guard next.origin == address.origin else {
                throw WebAddress.Invalid(
                    description: "it leads to another server, \(next.origin), which is not asked; name that one if it is meant")
            }
            return next
        } catch {
            throw Failure(kind: .redirected, description: "\(address.shown) redirects, and that is not followed: \(error.description)")
        }
    }

    private func request(_ place: WebAddress, _ etag: String?, _ isStopping: @escaping @Sendable () -> Bool) throws(Failure)
        -> charter_download_answer
    {
        var headers = ["User-Agent: charter", "Accept: application/octet-stream, */*"]
        if let etag { headers.append("If-None-Match: \(etag)") }
        if let token, place.isPrivate { headers.append("Authorization: Bearer \(token)") }
        let stop = Stop(isStopping)
        var answer = charter_download_answer()
        var message = [CChar](repeating: 0, count: 256)
        let code = Self.withCStrings([place.text] + headers) { texts in
            var request = charter_download_request(
                url: texts[0], headers: texts.baseAddress?.advanced(by: 1), limit: limit, connect_seconds: 10, stall_seconds: 30,
                total_seconds: seconds,
                // Plain http to this machine, maybe with a token: it does not leave it.
                is_direct: place.isPrivate && place.origin.hasPrefix("http://") ? 1 : 0,
                is_stopping: { context in
                    context.map { Unmanaged<Stop>.fromOpaque($0).takeUnretainedValue().isStopping() } == true ? 1 : 0
                }, context: Unmanaged.passUnretained(stop).toOpaque())
            return withExtendedLifetime(stop) { charter_download(&request, &answer, &message, message.count) }
        }
        guard code == 0 else {
            let why = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Failure(kind: .unreachable, description: "\(address.shown) cannot be reached: \(why)")
        }
        return answer
    }

    private final class Stop: Sendable {
        let isStopping: @Sendable () -> Bool
        init(_ isStopping: @escaping @Sendable () -> Bool) { self.isStopping = isStopping }
    }

    /// A text of C, ended by a NUL, in a tuple.
    private static func text<Tuple>(_ tuple: inout Tuple) -> String {
        withUnsafeBytes(of: &tuple) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Calls `body` with the texts and a null behind them.
    private static func withCStrings<Value>(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer(body)
    }
}
