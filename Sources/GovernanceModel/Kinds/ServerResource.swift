import Diagnostics

/// The enforcement server as a resource: a type that is built in as models are, so that roles say which caller may use which part of its API.
public enum ServerResource {
    /// Permissions name it as `charter:*`.
    public static let type = "charter"
    /// The id of the one resource of that type.
    public static let id = "server"

    /// What can be done with it, over HTTP.
    public static let actions = [
        "charter.bundle.fetch", "charter.decide", "charter.decisions.read", "charter.decisions.write", "charter.explain",
        "charter.metrics.read",
        "charter.read", "charter.search", "charter.validate", "charter.violations.read", "charter.violations.write",
    ]

    /// As an organisation would declare it.
    public static var declaration: Organization.ResourceType {
        let nowhere = SourceSpan(startOf: "")
        return Organization.ResourceType(
            name: Located(type, at: nowhere), actions: actions.map { Located($0, at: nowhere) }, properties: [], isOpen: false)
    }
}
