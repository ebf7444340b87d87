import HTTPService
import JSON
import NIOCore
import NIOHTTP1

/// What a change of the documents would do.
extension APIRoutes {
    /// - Parameter check: `nil` where there is no compiler.
    mutating func addValidation(_ check: (any ChangeCheck)?) {
        // One at a time: a check takes the memory of a whole organisation.
        let work = check.map { _ in WorkQueue(threads: 1, most: ValidationEndpoint.mostWaiting) }
        on(.POST, "/v1/validate", .validate) { request, _ in
            guard let check, let work else { return .ready(ValidationEndpoint.noCompiler) }
            do throws(QueryFault) {
                if let refusal = try ValidationEndpoint.refusal(request) { return .ready(refusal) }
                let change = try ProposedChange(request)
                return work.run(within: ValidationEndpoint.longest, refuse: HTTPResponse.problemRefusal) {
                    ValidationEndpoint.answer(change, check)
                }
            } catch {
                return .ready(error.response)
            }
        }
    }
}

/// `POST /v1/validate`.
private enum ValidationEndpoint {
    static let mostWaiting = 4
    static let longest = Duration.seconds(30)

    static let noCompiler = HTTPResponse.problem(
        Problem(
            status: .notImplemented,
            detail:
                "this server has no compiler; documents are checked by a server that follows a repository (`charter up`), or by `charter validate`"
        ))

    static func answer(_ change: ProposedChange, _ check: any ChangeCheck) -> HTTPResponse {
        do throws(ChangeRefusal) {
            return EnforcementServer.json(try check.check(change))
        } catch {
            switch error {
            case .fault(let pointer, let detail): return QueryFault(pointer: pointer, detail: detail).response
            case .notReady: return EnforcementServer.unavailable()
            }
        }
    }

    static func refusal(_ request: HTTPRequest) throws(QueryFault) -> HTTPResponse? {
        try RuntimeQuery(request).check([])
        if request.isYAML || request.refusalUnlessJSON() == nil { return nil }
        return .problem(Problem(status: .unsupportedMediaType, detail: "the body must be application/json or application/yaml"))
    }
}

extension HTTPRequest {
    /// Whether the body is said to be YAML (RFC 9512, and what was written before it).
    fileprivate var isYAML: Bool {
        guard let type = header("Content-Type") else { return false }
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"].contains(media)
    }
}

extension ProposedChange {
    private static let mostFiles = 1_000
    private static let mostDeletions = 1_000

    /// A body of YAML is a text of documents; one of JSON names `documents`, or `files` and what to `delete`.
    fileprivate init(_ request: HTTPRequest) throws(QueryFault) {
        self.init()
        let body = Array(request.body.readableBytesView)
        if request.isYAML {
            documents = body
            return
        }
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(body)
        } catch {
            throw QueryFault(pointer: "", detail: "is not valid JSON: \(error)")
        }
        guard let object = json.objectValue else { throw QueryFault(pointer: "", detail: "must be an object, found \(json.kindName)") }
        for member in object.members {
            switch member.name {
            case "documents": documents = Array(try Self.text(member.value, "/documents").utf8)
            case "files": files = try Self.files(member.value)
            case "delete": deletions = try Self.deletions(member.value)
            default:
                throw QueryFault(
                    pointer: "/" + Self.escaped(member.name), detail: "is not known; there are `documents`, `files` and `delete`")
            }
        }
        if object.members.isEmpty { throw QueryFault(pointer: "", detail: "must have `documents`, `files` or `delete`") }
    }

    private static func files(_ value: JSONValue) throws(QueryFault) -> [(path: String, text: [UInt8])] {
        guard let object = value.objectValue else {
            throw QueryFault(pointer: "/files", detail: "must be an object of paths and texts, found \(value.kindName)")
        }
        if object.members.count > mostFiles { throw QueryFault(pointer: "/files", detail: "must not have more than \(mostFiles) members") }
        var files: [(path: String, text: [UInt8])] = []
        for member in object.members {
            files.append((member.name, Array(try text(member.value, "/files/" + escaped(member.name)).utf8)))
        }
        return files
    }

    private static func deletions(_ value: JSONValue) throws(QueryFault) -> [String] {
        guard let items = value.arrayValue else { throw QueryFault(pointer: "/delete", detail: "must be a list, found \(value.kindName)") }
        if items.count > mostDeletions { throw QueryFault(pointer: "/delete", detail: "must not have more than \(mostDeletions) elements") }
        var deletions: [String] = []
        for (number, item) in items.enumerated() { deletions.append(try text(item, "/delete/\(number)")) }
        return deletions
    }

    private static func text(_ value: JSONValue, _ pointer: String) throws(QueryFault) -> String {
        guard let text = value.stringValue else { throw QueryFault(pointer: pointer, detail: "must be a string, found \(value.kindName)") }
        return text
    }

    /// As a token of a JSON Pointer (RFC 6901 §3).
    private static func escaped(_ name: String) -> String { name.replacing("~", with: "~0").replacing("/", with: "~1") }
}
