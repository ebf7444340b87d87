import JSON

/// What can be asked.
extension CharterClient {
    /// `POST /v1/decisions`.
    public func decide(_ request: DecisionRequest, _ options: CallOptions = CallOptions()) async throws(CharterClientError) -> Decision {
        try Decision(try await post("/v1/decisions", request.json, options))
    }

    /// Whether the answer is a yes that asks for nothing.
    ///
    /// No, whatever goes wrong: without a server, without an answer in time, for a request that cannot be decided. And no to a yes with
    /// obligations, which whoever sees a truth value alone cannot fulfil: ``decide(_:_:)`` tells them.
    public func isAllowed(_ request: DecisionRequest, _ options: CallOptions = CallOptions()) async -> Bool {
        (try? await decide(request, options))?.isUnconditional ?? false
    }

    /// `POST /v1/decisions/batch`: up to 1,000 requests, all by one bundle.
    ///
    /// - Returns: what became of each, in their order.
    public func decide(
        all requests: [DecisionRequest], _ options: CallOptions = CallOptions()
    ) async throws(CharterClientError) -> [BatchItem] {
        if requests.isEmpty { return [] }
        let json = try await post("/v1/decisions/batch", ["requests": .array(requests.map(\.json))], options)
        guard let items = json["decisions"]?.arrayValue, items.count == requests.count else {
            throw .unreadable("it has not one decision for each request")
        }
        var results: [BatchItem] = []
        for item in items {
            if let error = item["error"] {
                results.append(
                    .failed(pointer: error["pointer"]?.stringValue ?? "", detail: error["detail"]?.stringValue ?? "cannot be decided"))
            } else {
                results.append(.decided(try Decision(item)))
            }
        }
        return results
    }

    /// `POST /v1/decisions/explain`.
    public func explain(
        _ request: DecisionRequest, _ options: CallOptions = CallOptions()
    ) async throws(CharterClientError) -> ExplainedDecision {
        let json = try await post("/v1/decisions/explain", request.json, options)
        guard let explanation = json["explanation"] else { throw .unreadable("it has no explanation") }
        return ExplainedDecision(decision: try Decision(json), explanation: explanation)
    }

    /// Which page of what is found.
    public struct Page: Sendable, Hashable {
        /// 1,000 at most.
        public var limit: Int
        /// ``SearchPage/nextToken`` of the page before.
        public var token: String?

        public init(limit: Int = 100, token: String? = nil) {
            self.limit = limit
            self.token = token
        }

        fileprivate var json: JSONValue { ["limit": .int(Int64(limit)), "token": .string(token ?? "")] }
    }

    /// Which subjects of a type may do it.
    public func subjects(
        ofType type: String = "user", action: String, resource: DecisionRequest.Entity, context: JSONObject = [:], page: Page = Page(),
        _ options: CallOptions = CallOptions()
    ) async throws(CharterClientError) -> SearchPage {
        let members: JSONObject = ["subject": ["type": .string(type)], "action": ["name": .string(action)], "resource": resource.json]
        return try await search("subjects", members, context, page, options)
    }

    /// With which resources of a type a subject may do it.
    public func resources(
        ofType type: String = "model", subject: DecisionRequest.Entity, action: String, context: JSONObject = [:], page: Page = Page(),
        _ options: CallOptions = CallOptions()
    ) async throws(CharterClientError) -> SearchPage {
        let members: JSONObject = ["subject": subject.json, "action": ["name": .string(action)], "resource": ["type": .string(type)]]
        return try await search("resources", members, context, page, options)
    }

    /// What a subject may do with a resource.
    public func actions(
        subject: DecisionRequest.Entity, resource: DecisionRequest.Entity, context: JSONObject = [:], page: Page = Page(),
        _ options: CallOptions = CallOptions()
    ) async throws(CharterClientError) -> SearchPage {
        try await search("actions", ["subject": subject.json, "resource": resource.json], context, page, options)
    }

    private func search(
        _ kind: String, _ members: JSONObject, _ context: JSONObject, _ page: Page, _ options: CallOptions
    ) async throws(CharterClientError) -> SearchPage {
        var members = members
        if !context.members.isEmpty { members["context"] = .object(context) }
        members["page"] = page.json
        return try SearchPage(try await post("/v1/search/\(kind)", .object(members), options))
    }
}
