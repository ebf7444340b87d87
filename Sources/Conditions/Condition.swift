import JSON

/// One thing that is, is not, or cannot be said to be so, in the form of Kubernetes' conditions (`metav1.Condition`).
public struct Condition: Sendable, Equatable {
    public enum Status: String, Sendable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    /// CamelCase, e.g. `Ready`.
    public var type: String
    public var status: Status
    /// Why, in one CamelCase word that programs may rely on.
    public var reason: String
    /// Why, for people.
    public var message: String
    /// What of the observed thing this was said about, as a number that only grows.
    public var observedGeneration: Int64
    /// RFC 3339; when `status` last became what it is.
    public var lastTransitionTime: String

    public var json: JSONValue {
        [
            "type": .string(type), "status": .string(status.rawValue), "reason": .string(reason), "message": .string(message),
            "observedGeneration": .int(observedGeneration), "lastTransitionTime": .string(lastTransitionTime),
        ]
    }

    /// `nil` for what is no condition.
    public init?(json: JSONValue) {
        guard let type = json["type"]?.stringValue, let status = json["status"]?.stringValue.flatMap(Status.init),
            let reason = json["reason"]?.stringValue, let message = json["message"]?.stringValue,
            case .int(let generation)? = json["observedGeneration"], let time = json["lastTransitionTime"]?.stringValue
        else { return nil }
        self.init(
            type: type, status: status, reason: reason, message: message, observedGeneration: generation, lastTransitionTime: time)
    }

    public init(type: String, status: Status, reason: String, message: String, observedGeneration: Int64, lastTransitionTime: String) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.observedGeneration = observedGeneration
        self.lastTransitionTime = lastTransitionTime
    }
}
