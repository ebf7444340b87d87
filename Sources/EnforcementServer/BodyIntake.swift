import Compression
import HTTPService
import NIOCore
import NIOHTTP1

/// Makes an error in the form of a protocol.
typealias Refusal = @Sendable (HTTPResponseStatus, String) -> HTTPResponse

/// Takes request bodies that may be compressed.
struct BodyIntake: Sendable {
    let work: WorkQueue

    /// A body may unfold to what could have been sent as it is without further question, and to some more at an ordinary ratio.
    private static let limits = Gzip.Limits(bytes: 4 << 20, ratio: 100, ratioFrom: 1 << 20)

    /// Calls `answer` with the request, its body unfolded; for a compressed one off the event loop.
    func take(
        _ request: HTTPRequest, refuse: @escaping Refusal, answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) -> HTTPResult {
        guard let encoding = request.header("Content-Encoding") else { return .ready(answer(request)) }
        switch encoding.lowercased() {
        case "", "identity": return .ready(answer(request))
        case "gzip", "x-gzip": return work.run(refuse: refuse) { Self.unfold(request, refuse, answer) }
        default: return .ready(refuse(.unsupportedMediaType, "the only `Content-Encoding` of a body here is `gzip`"))
        }
    }

    private static func unfold(
        _ request: HTTPRequest, _ refuse: Refusal, _ answer: (HTTPRequest) -> HTTPResponse
    ) -> HTTPResponse {
        var whole = request
        do throws(GzipError) {
            let bytes: Result<[UInt8], GzipError> = request.body.withUnsafeReadableBytes { body in
                do throws(GzipError) {
                    return .success(try Gzip.inflate(body, limits: limits))
                } catch {
                    return .failure(error)
                }
            }
            whole.body = ByteBuffer(bytes: try bytes.get())
        } catch {
            switch error {
            case .damaged: return refuse(.badRequest, "the body is said to be gzip and is not, or is damaged")
            case .tooLarge:
                return refuse(
                    .payloadTooLarge,
                    "the body unfolds to more than \(limits.bytes) bytes, or to more than \(limits.ratioFrom) and \(limits.ratio) times its size"
                )
            case .noMemory: return refuse(.serviceUnavailable, "there is no memory to unfold the body")
            }
        }
        whole.headers.remove(name: "Content-Encoding")
        return answer(whole)
    }
}

extension HTTPResponse {
    /// An error as a problem document.
    static let problemRefusal: Refusal = { .problem(Problem(status: $0, detail: $1)) }

    /// The same response, its body folded if the client takes that and there is something to gain.
    func folded(for request: HTTPRequest) -> HTTPResponse {
        guard body.readableBytes >= Self.leastFolded, request.takesGzip, headers["Content-Encoding"].isEmpty,
            let bytes = body.withUnsafeReadableBytes({ Gzip.deflate($0) })
        else { return self }
        var response = self
        response.body = ByteBuffer(bytes: bytes)
        response.headers.replaceOrAdd(name: "Content-Encoding", value: "gzip")
        response.headers.add(name: "Vary", value: "Accept-Encoding")
        return response
    }

    /// As OPA has it.
    private static let leastFolded = 1024
}

extension HTTPRequest {
    /// Whether `Accept-Encoding` names gzip, or everything, with a weight above zero (RFC 9110 §12.5.3).
    var takesGzip: Bool {
        var takesAll = false
        for coding in headers["Accept-Encoding"].joined(separator: ",").split(separator: ",") {
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if name == "gzip" || name == "x-gzip" { return weight > 0 }
            if name == "*" { takesAll = weight > 0 }
        }
        return takesAll
    }
}
