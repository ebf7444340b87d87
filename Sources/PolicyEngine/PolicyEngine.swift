import CEL
import JSON
import PolicyBundle

/// Decides requests from one bundle: a pure function of bundle, request and time.
public final class PolicyEngine: Sendable {
    public let bundle: PolicyBundle
    /// SHA-256 of the bundle, in hexadecimal.
    public let digest: String
    public let commit: String

    let slots: [SlotSource]
    let permissions: [[PreparedPermission]]
    let policies: [PreparedPolicy]
    /// Policies' variables need this many slots beyond the request's.
    let variableSlots: Int

    /// Prepares a verified bundle for deciding; verifies the code of every condition.
    public init(_ bundle: PolicyBundle) throws(BundleError) {
        self.bundle = bundle
        digest = bundle.digest.description
        commit = bundle.meta(.commit)
        var slots: [SlotSource] = []
        for row in 0..<bundle.count(.slot) {
            let path = bundle.string(Int(bundle.word(.slot, row, 0)))
            guard let source = SlotSource(path: path, type: bundle.string(Int(bundle.word(.slot, row, 1)))) else {
                throw BundleError(
                    .otherVersion, "the bundle's conditions read `\(path)`, which this program does not know; use a newer program")
            }
            slots.append(source)
        }
        self.slots = slots
        var widest = slots.count
        for row in 0..<bundle.count(.prog) {
            let slotCount = bundle.index(.prog, row, ProgramColumn.slotCount)
            widest = max(widest, slotCount)
            do throws(CELVerificationError) {
                try CELVerifier.verify(bundle.program(row), slotCount: slotCount)
            } catch {
                throw BundleError(.damaged, "condition \(row) of the bundle is not valid: \(error)")
            }
        }
        for row in 0..<bundle.count(.poli) {
            widest = max(widest, slots.count + bundle.index(.poli, row, PolicyColumn.variableCount))
        }
        variableSlots = widest - slots.count
        permissions = (0..<bundle.count(.role)).map { bundle.preparedPermissions(ofRole: $0) }
        policies = (0..<bundle.count(.poli)).map { bundle.preparedPolicy($0) }
    }

    /// Decides `request`.
    ///
    /// - Parameters:
    ///   - now: nanoseconds since 1970-01-01T00:00:00Z.
    ///   - id: the decision's id, chosen by the caller so that deciding stays pure.
    /// - Throws: `RequestError` if a member of the request has a type that conditions cannot read.
    public func decide(_ request: DecisionRequest, now: Int64, id: String) throws(RequestError) -> Decision {
        var decision = Decision(id: id, isAllowed: false, bundleDigest: digest, commit: commit)
        guard let subject = findSubject(request.subject) else {
            decision.reasons = [.init(.unknownSubject, "there is no \(request.subject.type) `\(request.subject.id)`")]
            return decision
        }
        if bundle.word(.subj, subject, SubjectColumn.flags) & 1 != 0 {
            decision.reasons = [.init(.subjectDisabled, "the \(request.subject.type) `\(request.subject.id)` is disabled")]
            return decision
        }
        guard let resource = try findResource(request.resource) else {
            decision.reasons = [.init(.unknownResource, "there is no \(request.resource.type) `\(request.resource.id)`")]
            return decision
        }
        var evaluation = try Evaluation(engine: self, request: request, subject: subject, resource: resource, now: now)
        decision.estimatedCost = evaluation.estimatedCost
        evaluation.decide(&decision)
        return decision
    }

    /// What a request's resource is in the bundle.
    enum ResolvedResource {
        case model(Int)
        case declared(Int)
    }

    private func findSubject(_ subject: DecisionRequest.Entity) -> Int? {
        let type: UInt32
        switch subject.type {
        case "user": type = 0
        case "service-account": type = 1
        default: return nil
        }
        guard let name = bundle.find(subject.id) else { return nil }
        let key = UInt32(name)
        if let row = bundle.search(.subj, (type, key), columns: (SubjectColumn.subjectType.rawValue, SubjectColumn.name.rawValue)) {
            return row
        }
        return bundle.search(.iden, (key, type), columns: (0, 1)).map { Int(bundle.word(.iden, $0, 2)) }
    }

    private func findResource(_ resource: DecisionRequest.Entity) throws(RequestError) -> ResolvedResource? {
        if resource.type == "model" {
            guard let name = bundle.find(resource.id) else { return nil }
            return bundle.search(.modl, UInt32(name), column: ModelColumn.name).map { .model($0) }
        }
        for row in 0..<bundle.count(.rtyp) where bundle.string(.rtyp, row, ResourceTypeColumn.name) == resource.type {
            try checkProperties(resource.properties, row)
            return .declared(row)
        }
        return nil
    }

    private func checkProperties(_ properties: JSONObject, _ row: Int) throws(RequestError) {
        var types: [String: String] = [:]
        for attribute in bundle.records(.rtyp, row, ResourceTypeColumn.properties) {
            types[bundle.string(.attr, attribute, AttributeColumn.name)] = bundle.string(.attr, attribute, AttributeColumn.typeName)
        }
        let isOpen = bundle.word(.rtyp, row, ResourceTypeColumn.isOpen) == 1
        for member in properties.members {
            let pointer = "/resource/properties/\(RequestValues.escape(member.name))"
            if let type = types[member.name] {
                _ = try RequestValues.value(member.value, type: type, at: pointer)
            } else if !isOpen {
                throw RequestError(pointer, "is no property of a resource of type `\(bundle.string(.rtyp, row, ResourceTypeColumn.name))`")
            }
        }
    }
}
