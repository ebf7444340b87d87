import PolicyBundle

/// Which slot each part of a request goes to; -1 for what no condition of the bundle reads. Numbers alone, so that copying it costs nothing.
struct SlotNumbers: Sendable {
    var subjectType = -1, subjectID = -1, subjectEmail = -1, subjectTeams = -1, subjectRoles = -1, subjectProperties = -1
    var actionName = -1, actionProperties = -1
    var resourceType = -1, resourceID = -1, resourceProvider = -1, resourceUpstream = -1, resourceMode = -1, resourceRegions = -1
    var resourceCapabilities = -1, resourceTags = -1, resourceRegion = -1, resourceContextWindow = -1, resourceMaxOutput = -1
    var resourceProperties = -1
    var estimateCost = -1, estimateInputTokens = -1, estimateOutputTokens = -1
    var findings = -1
    var now = -1
}

/// Where all slots of a bundle are filled from.
struct SlotPlan: Sendable {
    var numbers = SlotNumbers()
    /// The slots of the subject's attributes, in the order in which the bundle lists values.
    var subjectAttributes: [Int] = []
    /// By name.
    var context: [String: Int] = [:]
    var properties: [String: Int] = [:]

    private static let fixed: [String: any WritableKeyPath<SlotNumbers, Int> & Sendable] = [
        "subject.type": \.subjectType, "subject.id": \.subjectID, "subject.email": \.subjectEmail, "subject.teams": \.subjectTeams,
        "subject.roles": \.subjectRoles, "subject.properties": \.subjectProperties, "action.name": \.actionName,
        "action.properties": \.actionProperties, "resource.type": \.resourceType, "resource.id": \.resourceID,
        "resource.provider": \.resourceProvider, "resource.upstream": \.resourceUpstream, "resource.mode": \.resourceMode,
        "resource.regions": \.resourceRegions, "resource.capabilities": \.resourceCapabilities, "resource.tags": \.resourceTags,
        "resource.region": \.resourceRegion, "resource.contextWindow": \.resourceContextWindow, "resource.maxOutput": \.resourceMaxOutput,
        "resource.properties": \.resourceProperties, "estimate.cost": \.estimateCost, "estimate.inputTokens": \.estimateInputTokens,
        "estimate.outputTokens": \.estimateOutputTokens, "findings": \.findings, "now": \.now,
    ]

    /// - Throws: `BundleError` if the bundle's conditions read something that this program cannot fill in.
    init(_ bundle: PolicyBundle) throws(BundleError) {
        for row in 0..<bundle.count(.slot) {
            let path = bundle.string(Int(bundle.word(.slot, row, 0)))
            let isRead = bundle.word(.slot, row, 2) == 1
            let slot = isRead ? row : -1
            if let place = Self.fixed[path] {
                numbers[keyPath: place] = slot
            } else if path.hasPrefix("subject.attributes.") {
                subjectAttributes.append(slot)
            } else if path.hasPrefix("resource.properties.") {
                properties[String(path.dropFirst("resource.properties.".count))] = slot
            } else if path.hasPrefix("context.") {
                context[String(path.dropFirst("context.".count))] = slot
            } else {
                throw BundleError(
                    .otherVersion, "the bundle's conditions read `\(path)`, which this program does not know; use a newer program")
            }
        }
        guard subjectAttributes.count == bundle.index(.meta, 0, MetaColumn.subjectAttributeCount) else {
            throw BundleError(.damaged, "the bundle is damaged: its subjects' attributes do not fit its slots")
        }
    }
}
