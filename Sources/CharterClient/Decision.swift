import JSON

/// What a server has decided.
public struct Decision: Sendable, Hashable {
    /// A rule that took effect, or why there was nothing to evaluate.
    public struct Reason: Sendable, Hashable {
        public var code: String
        public var message: String
        public var policy: String?
        public var rule: String?
        /// `path:line` in the repository.
        public var source: String?
    }

    /// By which it is found in logs.
    public var id: String
    /// Yes, as long as ``obligations`` are fulfilled; or no.
    public var isAllowed: Bool
    public var reasons: [Reason]
    public var warnings: [Reason]
    /// What must be done by whoever goes on: `redact`, `limit`, `requireApproval`, `route`. Empty if there is nothing.
    public var obligations: JSONObject
    /// The bundle's digest and commit.
    public var digest: String
    public var commit: String
    /// All of it, as the server has written it.
    public var json: JSONValue

    init(_ json: JSONValue) throws(CharterClientError) {
        guard let isAllowed = json["decision"]?.boolValue, let id = json["id"]?.stringValue, let reasons = json["reasons"]?.arrayValue
        else {
            throw .unreadable("it is no decision")
        }
        self.id = id
        self.isAllowed = isAllowed
        self.reasons = reasons.map(Reason.init)
        warnings = (json["warnings"]?.arrayValue ?? []).map(Reason.init)
        // INVARIANT: obligations that cannot be read are not passed over.
        switch json["obligations"] {
        case nil: obligations = [:]
        case .object(let object)?: obligations = object
        default: throw .unreadable("its obligations are no object")
        }
        digest = json["bundle"]?["digest"]?.stringValue ?? ""
        commit = json["bundle"]?["commit"]?.stringValue ?? ""
        self.json = json
    }
}

extension Decision.Reason {
    init(_ json: JSONValue) {
        self.init(
            code: json["code"]?.stringValue ?? "", message: json["message"]?.stringValue ?? "", policy: json["policy"]?.stringValue,
            rule: json["rule"]?.stringValue, source: json["source"]?.stringValue)
    }
}

/// A decision, and what was tried on the way to it.
public struct ExplainedDecision: Sendable, Hashable {
    public var decision: Decision
    /// Each policy that matched, with its rules and the parts of their conditions.
    public var explanation: JSONValue
}

/// What became of a request of a batch.
public enum BatchItem: Sendable, Hashable {
    case decided(Decision)
    /// The request could not be decided.
    case failed(pointer: String, detail: String)

    /// Whether it is a yes that asks for nothing; no in any other case.
    public var isAllowed: Bool {
        if case .decided(let decision) = self { return decision.isUnconditional }
        return false
    }
}

extension Decision {
    /// Whether it is a yes that asks for nothing.
    public var isUnconditional: Bool { isAllowed && obligations.members.isEmpty }
}

/// A page of what a search has found.
public struct SearchPage: Sendable, Hashable {
    /// Ids of subjects or resources, or names of actions.
    public var found: [String]
    /// Asks for the next page; `nil` on the last one.
    public var nextToken: String?
    /// Why nothing was to be found at all.
    public var reason: Decision.Reason?

    init(_ json: JSONValue) throws(CharterClientError) {
        guard let results = json["results"]?.arrayValue, let token = json["page"]?["next_token"]?.stringValue else {
            throw .unreadable("it is no page of results")
        }
        found = results.compactMap { ($0["id"] ?? $0["name"])?.stringValue }
        nextToken = token.isEmpty ? nil : token
        reason = json["reason"].map(Decision.Reason.init)
    }
}
