import CEL
import JSON
import PolicyBundle

/// Where the value of a slot comes from.
enum SlotSource: Sendable {
    case subjectType, subjectID, subjectEmail, subjectTeams, subjectRoles, subjectProperties
    case subjectAttribute(String)
    case resourceProperty(String)
    case actionName, actionProperties
    case resourceType, resourceID, resourceProvider, resourceUpstream, resourceMode, resourceRegions, resourceCapabilities, resourceTags,
        resourceRegion, resourceContextWindow, resourceMaxOutput, resourceProperties
    case context(name: String, DeclaredMember)
    case estimateCost, estimateInputTokens, estimateOutputTokens
    case findings
    case now

    private static let fixed: [String: SlotSource] = [
        "subject.type": .subjectType, "subject.id": .subjectID, "subject.email": .subjectEmail, "subject.teams": .subjectTeams,
        "subject.roles": .subjectRoles, "subject.properties": .subjectProperties, "action.name": .actionName,
        "action.properties": .actionProperties, "resource.type": .resourceType, "resource.id": .resourceID,
        "resource.provider": .resourceProvider, "resource.upstream": .resourceUpstream, "resource.mode": .resourceMode,
        "resource.regions": .resourceRegions, "resource.capabilities": .resourceCapabilities, "resource.tags": .resourceTags,
        "resource.region": .resourceRegion, "resource.contextWindow": .resourceContextWindow, "resource.maxOutput": .resourceMaxOutput,
        "resource.properties": .resourceProperties, "estimate.cost": .estimateCost, "estimate.inputTokens": .estimateInputTokens,
        "estimate.outputTokens": .estimateOutputTokens, "findings": .findings, "now": .now,
    ]

    /// The source of the slot that a bundle calls `path`; `nil` if this engine has none.
    ///
    /// - Parameter context: what the bundle says of the members of a request's context.
    init?(path: String, type: String, context: [String: DeclaredMember]) {
        if let source = Self.fixed[path] {
            self = source
        } else if path.hasPrefix("subject.attributes.") {
            self = .subjectAttribute(String(path.dropFirst("subject.attributes.".count)))
        } else if path.hasPrefix("resource.properties.") {
            self = .resourceProperty(String(path.dropFirst("resource.properties.".count)))
        } else if path.hasPrefix("context.") {
            let name = String(path.dropFirst("context.".count))
            self = .context(name: name, DeclaredMember(type: type, values: context[name]?.values ?? []))
        } else {
            return nil
        }
    }
}
