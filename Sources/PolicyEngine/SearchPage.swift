import JSON

/// Results of a search, in the bundle's order.
public struct SearchPage: Sendable, Equatable {
    /// Something that may stand in the open place of the request.
    public struct Entity: Sendable, Hashable {
        /// Of a subject or a resource; an action has none.
        public var type: String?
        /// The id, or the name of an action.
        public var id: String

        var json: JSONValue {
            if let type { return ["type": .string(type), "id": .string(id)] }
            return ["name": .string(id)]
        }
    }

    public var results: [Entity] = []
    /// What to ask for the next page with; empty when there is none.
    public var nextToken = ""
    /// Why nothing was to be found whoever or whatever stands in the open place: an unknown or disabled subject, an unknown resource.
    public var refusal: Decision.Reason?
    /// How many candidates had to be decided: what the index could not rule out.
    public var decisionCount = 0

    /// The answer as OpenID AuthZEN has it (Authorization API 1.0 §8).
    public var json: JSONValue { ["results": .array(results.map(\.json)), "page": ["next_token": .string(nextToken)]] }
}
