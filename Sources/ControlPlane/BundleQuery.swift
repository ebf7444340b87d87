import JSON
import PolicyEngine

/// A search in a bundle, as `charter query` makes it.
public struct BundleQuery: Sendable {
    /// Who, what or which.
    private let kind: SearchKind
    private var request = JSONObject()
    private var page = JSONObject()

    private init(_ kind: SearchKind) { self.kind = kind }

    /// Which subjects may do an action on a resource.
    public static func who(
        subjectType: String, action: String, resource: String, properties: String?
    ) throws(ControlError) -> BundleQuery {
        var query = BundleQuery(.subject)
        query.request["subject"] = ["type": .string(subjectType)]
        query.request["action"] = ["name": .string(action)]
        query.request["resource"] = .object(try entity(resource, properties, option: "--resource", example: "model:openai/gpt-5.4"))
        return query
    }

    /// Which actions a subject may do on a resource.
    public static func what(subject: String, resource: String, properties: String?) throws(ControlError) -> BundleQuery {
        var query = BundleQuery(.action)
        query.request["subject"] = .object(try entity(subject, nil, option: "--subject", example: "user:ada"))
        query.request["resource"] = .object(try entity(resource, properties, option: "--resource", example: "model:openai/gpt-5.4"))
        return query
    }

    /// Which resources a subject may do an action on.
    public static func which(
        subject: String, action: String, resourceType: String, properties: String?
    ) throws(ControlError) -> BundleQuery {
        var query = BundleQuery(.resource)
        query.request["subject"] = .object(try entity(subject, nil, option: "--subject", example: "user:ada"))
        query.request["action"] = ["name": .string(action)]
        var resource: JSONObject = ["type": .string(resourceType)]
        if let properties { resource["properties"] = .object(try object(properties, option: "--properties")) }
        query.request["resource"] = .object(resource)
        return query
    }

    /// Adds what the conditions may ask for, and the page that is wanted.
    ///
    /// - Parameters:
    ///   - context: a JSON object.
    ///   - limit: how many results a page has at most; nil for all.
    ///   - token: what the page before ended with.
    public mutating func set(context: String?, limit: Int?, token: String?) throws(ControlError) {
        if let context { request["context"] = .object(try Self.object(context, option: "--context")) }
        if let limit { page["limit"] = .int(Int64(limit)) }
        if let token { page["token"] = .string(token) }
    }

    /// - Parameter now: nanoseconds since 1970.
    public func run(_ engine: PolicyEngine, now: Int64) throws(ControlError) -> BundleQueryResult {
        do {
            var request = request
            request["page"] = .object(page)
            return BundleQueryResult(page: try engine.search(SearchRequest(kind, .object(request)), now: now))
        } catch {
            throw ControlError(.input, "\(error)")
        }
    }

    /// `type:id` as an entity of a request. An id may hold colons.
    private static func entity(
        _ text: String, _ properties: String?, option: String, example: String
    ) throws(ControlError) -> JSONObject {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ControlError(.usage, "`\(option) \(text)` is not TYPE:ID; write for example \(example)")
        }
        var entity: JSONObject = ["type": .string(String(parts[0])), "id": .string(String(parts[1]))]
        if let properties { entity["properties"] = .object(try object(properties, option: "--properties")) }
        return entity
    }

    private static func object(_ text: String, option: String) throws(ControlError) -> JSONObject {
        do {
            guard let object = try JSONParser.parse(text).objectValue else {
                throw ControlError(.usage, "`\(option)` must be a JSON object")
            }
            return object
        } catch let error as ControlError {
            throw error
        } catch {
            throw ControlError(.input, "`\(option)` is not valid JSON: \(error)")
        }
    }
}

/// What a search found, for showing it.
public struct BundleQueryResult: Sendable {
    public let page: SearchPage

    /// The answer as OpenID AuthZEN has it.
    public var json: JSONValue { page.json }

    /// One id a line.
    public var lines: [String] { page.results.map(\.id.printable) }

    /// What people should know beside the ids: why there are none, or that there are more.
    public var note: String? {
        if let refusal = page.refusal { return refusal.message.printable }
        if !page.nextToken.isEmpty { return "there are more: go on with --page \(page.nextToken), or ask for --all" }
        return page.results.isEmpty ? "nothing was found" : nil
    }
}
