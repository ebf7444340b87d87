import HTTPService
import NIOCore
import NIOHTTP1
import PolicyBundle
import Synchronization

/// The bundle in force itself, so that other servers can follow this one.
extension APIRoutes {
    mutating func addBundleContent(store: BundleStore, status: ServiceStatus) {
        on(.GET, "/v1/bundle/content", .fetchBundle) { request, _ in
            BundleContentEndpoint.bundle(store.current, request, status.facts)
        }
        on(.GET, "/v1/bundle/content.dsse.json", .fetchBundle) { request, _ in
            .ready(BundleContentEndpoint.signature(store.current, request))
        }
    }
}

/// A bundle's bytes as they are sent: copied once, when they are first asked for, and shared by all answers.
final class BundleContent: Sendable {
    private let bundle: PolicyBundle
    private let copy = Mutex<ByteBuffer?>(nil)

    init(_ bundle: PolicyBundle) { self.bundle = bundle }

    /// `nil` before the first copy, and while it is made.
    var made: ByteBuffer? { copy.withLockIfAvailable { $0 } ?? nil }

    /// The copy, made if there is none: not for an event loop, as a large bundle takes a while.
    func make() -> ByteBuffer {
        copy.withLock { copy in
            if let copy { return copy }
            let made = bundle.withContent { ByteBuffer(bytes: $0) }
            copy = made
            return made
        }
    }
}

enum BundleContentEndpoint {
    /// `GET /v1/bundle/content`. Its entity tag is the bundle's digest.
    static func bundle(_ entry: BundleStore.Entry?, _ request: HTTPRequest, _ facts: ServiceFacts) -> HTTPResult {
        guard let entry else { return .ready(EnforcementServer.unavailable()) }
        let tag = "\"\(entry.engine.digest)\""
        var headers: HTTPHeaders = ["ETag": tag, "Cache-Control": "no-cache"]
        if let epoch = epoch(entry, facts) { headers.add(name: "Charter-Epoch", value: String(epoch)) }
        if request.names(tag) { return .ready(HTTPResponse(status: .notModified, headers: headers)) }
        headers.add(name: "Content-Type", value: "application/octet-stream")
        if let body = entry.content.made { return .ready(HTTPResponse(headers: headers, body: body)) }
        return .later { [headers] in HTTPResponse(headers: headers, body: entry.content.make()) }
    }

    /// `GET /v1/bundle/content.dsse.json`.
    static func signature(_ entry: BundleStore.Entry?, _ request: HTTPRequest) -> HTTPResponse {
        guard let entry else { return EnforcementServer.unavailable() }
        guard let signature = entry.provision?.signature else {
            return .problem(Problem(status: .notFound, detail: "the bundle in force has come without a signature"))
        }
        return HTTPResponse(headers: ["Content-Type": "application/json", "Cache-Control": "no-cache"], body: ByteBuffer(bytes: signature))
    }

    /// Under which the bundle is in force, as its source has said, or the database that holds its commit.
    private static func epoch(_ entry: BundleStore.Entry, _ facts: ServiceFacts) -> Int64? {
        if let epoch = entry.provision?.epoch { return epoch }
        if case .synced(entry.engine.commit, let epoch, _) = facts.database { return epoch }
        return nil
    }
}

extension HTTPRequest {
    /// Whether the client says that it has the version with this entity tag (RFC 9110 §13.1.2).
    func names(_ tag: String) -> Bool {
        headers["If-None-Match"].contains { field in
            field == "*"
                || field.split(separator: ",").contains { part in
                    let text = part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
                    return text == tag || text == "W/" + tag
                }
        }
    }
}
