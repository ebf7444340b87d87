import CEL
import JSON
import PolicyBundle

/// Fills the slots that conditions read.
struct SlotFiller {
    let engine: PolicyEngine
    let request: DecisionRequest
    let subject: Int
    let facts: RequestFacts
    let properties: ResourceProperties
    let now: Int64

    /// Token counts and cost, as far as they can be told before the model is called.
    struct Estimate {
        var inputTokens: Int64?
        var outputTokens: Int64?
        /// In 10⁻⁹ of the currency.
        var cost: Int64?
    }

    private var bundle: PolicyBundle { engine.bundle }

    /// The cost if the answer is as long as it may be: without `maxOutputTokens` in the request, as long as the model can make it.
    func estimate() throws(RequestError) -> Estimate {
        let input = try tokens("inputTokens")
        var output = try tokens("maxOutputTokens")
        guard let model = facts.model else { return Estimate(inputTokens: input, outputTokens: output) }
        if output == nil {
            let most = bundle.word(.modl, model, ModelColumn.maxOutput)
            if most > 0 { output = Int64(most) } else if bundle.string(.modl, model, ModelColumn.mode) == "embedding" { output = 0 }
        }
        guard let input, let output, let price = price(of: model) else { return Estimate(inputTokens: input, outputTokens: output) }
        let isLong =
            bundle.int64(.pric, price, PriceColumn.longAboveLow) > 0 && input > bundle.int64(.pric, price, PriceColumn.longAboveLow)
        let perInput = bundle.int64(.pric, price, isLong ? PriceColumn.longInputLow : .inputLow)
        let perOutput = bundle.int64(.pric, price, isLong ? PriceColumn.longOutputLow : .outputLow)
        let cost = Self.cost(input, perInput).flatMap { first in Self.cost(output, perOutput).map { first.addingReportingOverflow($0) } }
        return Estimate(inputTokens: input, outputTokens: output, cost: cost.flatMap { $0.overflow ? nil : $0.partialValue })
    }

    /// Rounded up: an estimate must not be below what will be paid.
    private static func cost(_ tokens: Int64, _ perMillion: Int64) -> Int64? {
        let (product, overflow) = tokens.multipliedReportingOverflow(by: perMillion)
        return overflow ? nil : product / 1_000_000 + (product % 1_000_000 > 0 ? 1 : 0)
    }

    /// The newest prices that hold at `now`. Prices are sorted by the day on which they begin.
    private func price(of model: Int) -> Int? {
        bundle.records(.modl, model, ModelColumn.prices).last { bundle.int64(.pric, $0, PriceColumn.fromLow) <= now / 1_000_000_000 }
    }

    private func tokens(_ name: String) throws(RequestError) -> Int64? {
        guard let json = request.context[name] else { return nil }
        guard case .int(let count) = try RequestValues.value(json, type: "int", at: "/context/\(name)"), count >= 0 else {
            throw RequestError("/context/\(name)", "must not be negative")
        }
        return count
    }

    func slots(_ estimate: Estimate) throws(RequestError) -> [CELValue?] {
        var values: [CELValue?] = []
        values.reserveCapacity(engine.slots.count + engine.variableSlots)
        var attributes: CELMap?
        if case .map(let map) = bundle.value(bundle.index(.subj, subject, SubjectColumn.attributes)) { attributes = map }
        for source in engine.slots { values.append(try value(source, estimate, attributes)) }
        for _ in 0..<engine.variableSlots { values.append(nil) }
        return values
    }

    private func value(_ source: SlotSource, _ estimate: Estimate, _ attributes: CELMap?) throws(RequestError) -> CELValue? {
        switch source {
        case .subjectType: return .string(facts.subjectType)
        case .subjectID: return .string(facts.subjectName)
        case .subjectEmail: return .string(bundle.string(.subj, subject, SubjectColumn.email))
        case .subjectTeams: return .list(facts.teams.map { .string(bundle.string(.team, $0, TeamColumn.name)) })
        case .subjectRoles: return .list(facts.roles.map { .string(bundle.string(.role, $0, RoleColumn.name)) })
        case .subjectProperties: return RequestValues.dynamic(.object(request.subject.properties))
        case .subjectAttribute(let name): return attributes?[name]
        case .actionName: return .string(facts.action)
        case .actionProperties: return RequestValues.dynamic(.object(request.actionProperties))
        case .resourceType: return .string(facts.resourceType)
        case .resourceID: return .string(facts.resourceID)
        case .resourceProperties: return .map(properties.all)
        case .resourceProperty(let name): return properties.declared[name]
        case .resourceRegion:
            if case .string(let region)? = properties.all["region"] { return .string(region) }
            return nil
        case .context(let name, let member):
            guard let json = request.context[name] else { return nil }
            return try RequestValues.value(json, member, at: "/context/\(RequestValues.escape(name))")
        case .estimateCost: return estimate.cost.map { .double(Double($0) / 1e9) }
        case .estimateInputTokens: return estimate.inputTokens.map { .int($0) }
        case .estimateOutputTokens: return estimate.outputTokens.map { .int($0) }
        case .findings: return try findings()
        case .now: return .timestamp(CELTimestamp(nanosecondsSince1970: now))
        default: return facts.model.map { modelValue(source, $0) } ?? nil
        }
    }

    private func modelValue(_ source: SlotSource, _ model: Int) -> CELValue? {
        func strings(_ column: ModelColumn) -> CELValue { .list(bundle.strings(.modl, model, column).map { .string($0) }) }
        func positive(_ column: ModelColumn) -> CELValue? {
            let number = bundle.word(.modl, model, column)
            return number == 0 ? nil : .int(Int64(number))
        }
        switch source {
        case .resourceProvider: return facts.provider.map { .string(bundle.string(.prov, $0, ProviderColumn.name)) }
        case .resourceUpstream: return .string(bundle.string(.modl, model, ModelColumn.upstream))
        case .resourceMode: return .string(bundle.string(.modl, model, ModelColumn.mode))
        case .resourceRegions: return strings(.regions)
        case .resourceCapabilities: return strings(.capabilities)
        case .resourceTags: return strings(.tags)
        case .resourceContextWindow: return positive(.contextWindow)
        case .resourceMaxOutput: return positive(.maxOutput)
        default: return nil
        }
    }

    /// What detectors found, as the caller reports it: `context.findings`, a list of objects with `detector` and `count`.
    private func findings() throws(RequestError) -> CELValue {
        guard let json = request.context["findings"] else { return .list([]) }
        guard case .array(let items) = json else { throw RequestError("/context/findings", "must be an array, found \(json.kindName)") }
        var values: [CELValue] = []
        for (index, item) in items.enumerated() {
            guard case .object(let finding) = item, case .string? = finding["detector"], case .int? = finding["count"] else {
                throw RequestError("/context/findings/\(index)", "must be an object with `detector`, a string, and `count`, an integer")
            }
            values.append(RequestValues.dynamic(item))
        }
        return .list(values)
    }
}
