import CEL
import JSON
import PolicyBundle

/// Fills the slots that conditions read.
extension DecisionSession {
    func fill(
        subjectProperties: Int?, actionProperties: Int?, resourceProperties: Int?, context: Int?
    ) throws(RequestError) {
        try fillResourceProperties(resourceProperties)
        try fillContext(context)
        estimate()
        let slots = engine.slots
        fillSubject()
        fillModel()
        if slots.subjectProperties >= 0 { activation[slots.subjectProperties] = dynamicMap(subjectProperties) }
        if slots.actionName >= 0 {
            activation[slots.actionName] = engine.records.cell(ofText: request.pointee.action.bytes, in: activation)
        }
        if slots.actionProperties >= 0 { activation[slots.actionProperties] = dynamicMap(actionProperties) }
        if slots.resourceType >= 0 {
            activation[slots.resourceType] = engine.records.cell(ofText: request.pointee.resourceType.bytes, in: activation)
        }
        if slots.resourceID >= 0 {
            activation[slots.resourceID] = engine.records.cell(ofText: request.pointee.resourceID.bytes, in: activation)
        }
        if slots.now >= 0 { activation[slots.now] = .timestamp(CELTimestamp(nanosecondsSince1970: request.pointee.now)) }
    }

    // MARK: What the bundle says

    private func cell(_ string: UInt32) -> CELCell { engine.records.cell(ofString: Int(string)) }

    private func fillSubject() {
        let records = engine.records
        let slots = engine.slots
        let record = records.record(.subj, request.pointee.subject)
        if slots.subjectType >= 0 {
            activation[slots.subjectType] = engine.records.cell(ofText: request.pointee.subjectType.bytes, in: activation)
        }
        if slots.subjectID >= 0 { activation[slots.subjectID] = cell(record[SubjectColumn.name.rawValue]) }
        if slots.subjectEmail >= 0 { activation[slots.subjectEmail] = cell(record[SubjectColumn.email.rawValue]) }
        if slots.subjectRoles >= 0, let roles = request.pointee.roles {
            activation[slots.subjectRoles] = list(engine.roleNames, roles, request.pointee.roleCount)
        }
        if slots.subjectTeams >= 0, let teams = request.pointee.teams {
            activation[slots.subjectTeams] = list(engine.teamNames, teams, request.pointee.teamCount)
        }
        let values = records.words(.list) + Int(record[SubjectColumn.attributes.rawValue])
        for (number, slot) in engine.subjectAttributes.enumerated() where slot >= 0 {
            if values[number] != BundleFormat.none { activation[slot] = records.cell(ofValue: Int(values[number]), in: activation) }
        }
    }

    /// The names of records, a list.
    private func list(_ names: NameCells, _ rows: UnsafePointer<UInt32>, _ count: Int) -> CELCell {
        let list = activation.makeList(count: count)
        for index in 0..<count { activation.setElement(index, of: list, to: names[rows[index]]) }
        return list
    }

    private func strings(_ row: Int, _ column: ModelColumn) -> CELCell {
        let records = engine.records
        let words = records.words(.list) + Int(records.word(.modl, row, column))
        let count = Int(records.words(.modl)[row * BundleSection.modl.stride + column.rawValue + 1])
        let list = activation.makeList(count: count)
        for index in 0..<count { activation.setElement(index, of: list, to: cell(words[index])) }
        return list
    }

    private func fillModel() {
        let model = request.pointee.model
        guard model >= 0 else { return }
        let records = engine.records
        let slots = engine.slots
        func word(_ column: ModelColumn) -> UInt32 { records.word(.modl, model, column) }
        if slots.resourceProvider >= 0 {
            activation[slots.resourceProvider] = cell(records.word(.prov, Int(word(.provider)), ProviderColumn.name))
        }
        if slots.resourceUpstream >= 0 { activation[slots.resourceUpstream] = cell(word(.upstream)) }
        if slots.resourceMode >= 0 { activation[slots.resourceMode] = cell(word(.mode)) }
        if slots.resourceRegions >= 0 { activation[slots.resourceRegions] = strings(model, .regions) }
        if slots.resourceCapabilities >= 0 { activation[slots.resourceCapabilities] = strings(model, .capabilities) }
        if slots.resourceTags >= 0 { activation[slots.resourceTags] = strings(model, .tags) }
        if slots.resourceContextWindow >= 0, word(.contextWindow) > 0 {
            activation[slots.resourceContextWindow] = .int(Int64(word(.contextWindow)))
        }
        if slots.resourceMaxOutput >= 0, word(.maxOutput) > 0 { activation[slots.resourceMaxOutput] = .int(Int64(word(.maxOutput))) }
    }

    // MARK: What the request says

    private func fillResourceProperties(_ properties: Int?) throws(RequestError) {
        let slots = engine.slots
        let type = request.pointee.model >= 0 ? -1 : request.pointee.entry - engine.index.modelCount
        let table = type < 0 ? engine.modelProperties : engine.typeProperties[type]
        let isOpen = type < 0 || engine.records.word(.rtyp, type, ResourceTypeColumn.isOpen) == 1
        var all = CELCell.absent
        if slots.resourceProperties >= 0 { all = activation.makeMap(count: properties.map { tape.count($0) } ?? 0) }
        if let properties {
            var token = properties + 1
            var index = 0
            while token < tape.next(properties) {
                let name = tape.bytes(token)
                let cell: CELCell
                if let member = table[name] {
                    let isRead = member.pointee.slot >= 0 || slots.resourceProperties >= 0 || Self.isText(name, "region")
                    cell = try value(
                        token + 1, member, isRead: isRead, at: { "/resource/properties/\(RequestError.escape(self.tape.string(token)))" })
                    if member.pointee.slot >= 0 { activation[member.pointee.slot] = cell }
                } else if isOpen {
                    cell = slots.resourceProperties >= 0 || Self.isText(name, "region") ? dynamic(token + 1) : .null
                } else {
                    let typeName = engine.bundle.string(.rtyp, type, ResourceTypeColumn.name)
                    throw RequestError(
                        "/resource/properties/\(RequestError.escape(tape.string(token)))",
                        "is no property of a resource of type `\(typeName)`")
                }
                if slots.resourceProperties >= 0 {
                    activation.setEntry(index, of: all, key: activation.makeText(name), value: cell)
                }
                if slots.resourceRegion >= 0, Self.isText(name, "region"), cell.tag == .text { activation[slots.resourceRegion] = cell }
                index += 1
                token = tape.next(token + 1)
            }
        }
        if slots.resourceProperties >= 0 {
            activation.finishMap(all)
            activation[slots.resourceProperties] = all
        }
    }

    private func fillContext(_ context: Int?) throws(RequestError) {
        let slots = engine.slots
        if slots.findings >= 0 { activation[slots.findings] = activation.makeList(count: 0) }
        guard let context else { return }
        var token = context + 1
        let end = tape.next(context)
        while token < end {
            let name = tape.bytes(token)
            if let member = engine.contextMembers[name] {
                let cell = try value(
                    token + 1, member, isRead: member.pointee.slot >= 0, at: { "/context/\(RequestError.escape(self.tape.string(token)))" })
                if Self.isText(name, "inputTokens") {
                    request.pointee.inputTokens = try count(cell, token)
                } else if Self.isText(name, "maxOutputTokens") {
                    request.pointee.outputTokens = try count(cell, token)
                }
                if member.pointee.slot >= 0 { activation[member.pointee.slot] = cell }
            } else if Self.isText(name, "findings") {
                try fillFindings(token + 1)
            }
            token = tape.next(token + 1)
        }
    }

    private func count(_ cell: CELCell, _ name: Int) throws(RequestError) -> Int64 {
        guard let count = cell.intValue, count >= 0 else { throw RequestError("/context/\(tape.string(name))", "must not be negative") }
        return count
    }

    /// What detectors found, as the caller reports it: a list of objects with `detector` and `count`.
    private func fillFindings(_ token: Int) throws(RequestError) {
        guard tape.kind(token) == .array else {
            throw RequestError("/context/findings", "must be an array, found \(tape.kind(token).name)")
        }
        var element = token + 1
        var index = 0
        while element < tape.next(token) {
            guard tape.kind(element) == .object, let detector = tape.member(element, "detector"), tape.kind(detector) == .string,
                let count = tape.member(element, "count"), tape.kind(count) == .int
            else {
                throw RequestError("/context/findings/\(index)", "must be an object with `detector`, a string, and `count`, an integer")
            }
            index += 1
            element = tape.next(element)
        }
        if engine.slots.findings >= 0 { activation[engine.slots.findings] = dynamic(token) }
    }
}
