import JSON

/// The answer to a request, and everything that led to it.
public struct Decision: Sendable, Equatable {
    /// A cause for the answer.
    public struct Reason: Sendable, Equatable {
        public enum Code: String, Sendable, CaseIterable {
            case unknownSubject = "unknown-subject"
            case subjectDisabled = "subject-disabled"
            case unknownResource = "unknown-resource"
            case unknownAction = "unknown-action"
            case noPermission = "no-permission"
            case policyDenied = "policy-denied"
            case approvalRequired = "approval-required"
            case conditionError = "condition-error"
            case policyWarning = "policy-warning"
            case policyRecord = "policy-record"
        }

        public var code: Code
        public var message: String
        public var policy: String?
        public var rule: String?
        public var severity: String?
        public var controls: [String] = []
        /// `path:line` in the commit of the bundle.
        public var source: String?

        public init(_ code: Code, _ message: String) {
            self.code = code
            self.message = message
        }
    }

    /// A condition that could not be evaluated.
    public struct ConditionError: Sendable, Equatable {
        public var policy: String?
        public var rule: String?
        public var message: String
        public var source: String
    }

    public var id: String
    public var isAllowed: Bool
    /// Why the request is denied; empty when it is allowed.
    public var reasons: [Reason] = []
    public var obligations = Obligations()
    public var warnings: [Reason] = []
    /// What policies in monitor mode would have done.
    public var records: [Reason] = []
    public var errors: [ConditionError] = []
    /// Exemptions that removed a policy.
    public var exemptions: [String] = []
    /// The estimated cost in 10⁻⁹ of the currency; `nil` if it cannot be told.
    public var estimatedCost: Int64?
    public var bundleDigest: String
    public var commit: String

    /// The decision as the command line and the server print it.
    public var json: JSONValue {
        var object: JSONObject = ["id": .string(id), "decision": .bool(isAllowed)]
        object["reasons"] = .array(reasons.map(\.json))
        if !obligations.isEmpty { object["obligations"] = obligations.json }
        if !warnings.isEmpty { object["warnings"] = .array(warnings.map(\.json)) }
        if !records.isEmpty { object["records"] = .array(records.map(\.json)) }
        if !errors.isEmpty { object["errors"] = .array(errors.map(\.json)) }
        if !exemptions.isEmpty { object["exemptions"] = JSONValue(exemptions) }
        if let estimatedCost { object["estimate"] = ["cost": .decimal(Decimal.text(nanoUnits: estimatedCost))] }
        object["bundle"] = ["digest": .string("sha256:\(bundleDigest)"), "commit": .string(commit)]
        return .object(object)
    }
}

extension Decision.Reason {
    /// The reason as decisions print it.
    public var json: JSONValue {
        var object: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
        if let policy { object["policy"] = .string(policy) }
        if let rule { object["rule"] = .string(rule) }
        if let severity { object["severity"] = .string(severity) }
        if !controls.isEmpty { object["controls"] = JSONValue(controls) }
        if let source { object["source"] = .string(source) }
        return .object(object)
    }
}

extension Decision.ConditionError {
    var json: JSONValue {
        var object = JSONObject()
        if let policy { object["policy"] = .string(policy) }
        if let rule { object["rule"] = .string(rule) }
        object["message"] = .string(message)
        object["source"] = .string(source)
        return .object(object)
    }
}
