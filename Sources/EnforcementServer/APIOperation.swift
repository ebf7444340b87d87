/// What a caller may do over HTTP: an action on the resource type `charter`, which roles permit as they permit anything else.
public enum APIOperation: String, Sendable, CaseIterable {
    /// To have requests decided, one or many, in any protocol.
    case decide
    /// To be told what was tried on the way to a decision.
    case explain
    /// To search for subjects, resources and actions.
    case search
    /// To read what is declared, what is in force, and how it stands.
    case read
    /// To fetch the bundle itself.
    case fetchBundle = "bundle.fetch"
    /// To read decisions that were made.
    case readDecisions = "decisions.read"
    /// To hand in decisions that others have made.
    case writeDecisions = "decisions.write"
    case readViolations = "violations.read"
    /// To acknowledge and resolve violations.
    case writeViolations = "violations.write"
    /// To have documents checked.
    case validate
    case readMetrics = "metrics.read"

    /// As permissions name it.
    public var action: String { "charter.\(rawValue)" }

    /// The server as a resource, as permissions name it.
    public static let resourceType = "charter"
    public static let resourceID = "server"
}
