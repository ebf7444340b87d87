import CEL
import Diagnostics
import GovernanceModel
import PolicyBundle

/// What the engine and an organisation's declarations ensure of the inputs of conditions, beyond their types.
struct RequestKnowledge {
    /// The only texts that an input can be, or hold.
    struct Values {
        var texts: [String]
        /// Where they are declared; nil for what is built in.
        var declaration: SourceSpan?
    }

    /// By path: `subject.attributes.clearance`.
    private(set) var values: [String: Values] = [:]
    private(set) var reasoning = CELKnowledge()
    /// Sizes for the estimate of costs.
    private(set) var bounds = CELSizeBounds()

    init(_ organization: Organization?) {
        guard let organization else { return }
        values["subject.type"] = Values(texts: SemanticChecker.subjectTypes)
        values["resource.type"] = Values(texts: ["model", ServerResource.type] + organization.resourceTypes.map(\.name.value))
        values["resource.mode"] = Values(texts: Model.modes)
        for (name, texts) in ConditionVariables.contextValues { values["context.\(name)"] = Values(texts: texts) }
        declare(organization.subjectAttributes, below: "subject.attributes")
        declare(organization.contextAttributes, below: "context")
        declareProperties(organization.resourceTypes)
        reason()
        limit(organization)
    }

    private mutating func declare(_ attributes: [Organization.Attribute], below path: String) {
        for attribute in attributes where !attribute.values.isEmpty {
            values["\(path).\(attribute.name.value)"] = Values(texts: attribute.values, declaration: attribute.name.span)
        }
    }

    /// A condition does not know the type of its resource: a property can be what any of the types allows.
    private mutating func declareProperties(_ types: [Organization.ResourceType]) {
        if types.contains(where: \.isOpen) { return }
        let declared = Dictionary(grouping: types.flatMap(\.properties), by: \.name.value)
        for (name, properties) in declared where ConditionVariables.modelProperties[name] == nil {
            guard let first = properties.first, properties.allSatisfy({ !$0.values.isEmpty && $0.type == first.type }) else { continue }
            var texts: [String] = []
            for text in properties.flatMap(\.values) where !texts.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
                texts.append(text)
            }
            values["resource.properties.\(name)"] = Values(texts: texts, declaration: first.name.span)
        }
    }

    /// What the engine fills for every request.
    private static let alwaysPresent = [
        "subject.type", "subject.id", "subject.email", "subject.teams", "subject.roles", "subject.properties", "action.name",
        "action.properties", "resource.type", "resource.id", "resource.properties", "findings", "now",
    ]
    /// Requests with less are refused, documents with less are errors.
    private static let least: [String: CELValue] = [
        "context.inputTokens": .int(0), "context.maxOutputTokens": .int(0), "estimate.inputTokens": .int(0),
        "estimate.outputTokens": .int(0), "estimate.cost": .double(0), "resource.contextWindow": .int(1), "resource.maxOutput": .int(1),
    ]

    private mutating func reason() {
        for path in Self.alwaysPresent { reasoning.slots[path] = CELKnowledge.Slot(isAlwaysPresent: true) }
        for (path, least) in Self.least { reasoning.slots[path] = CELKnowledge.Slot(least: least) }
        for (path, values) in values { reasoning.slots[path, default: CELKnowledge.Slot()].texts = values.texts }
    }

    /// Names have a length that the engine and documents are held to; of what else a request brings the organisation says what is enough.
    private mutating func limit(_ organization: Organization) {
        let assumed = organization.conditionSizes
        bounds = CELSizeBounds(textBytes: assumed.textBytes, elements: assumed.elements)
        func text(_ bytes: Int) -> CELSizeBounds {
            var slot = bounds
            slot.textBytes = bytes
            slot.slots = [:]
            return slot
        }
        for path in ["subject.id", "subject.teams", "subject.roles", "resource.provider"] { bounds.slots[path] = text(Names.longest) }
        for path in ["action.name", "resource.id"] { bounds.slots[path] = text(ConditionVariables.longestName) }
        for (path, values) in values { bounds.slots[path] = text(values.texts.map(\.utf8.count).max() ?? 0) }
    }
}
