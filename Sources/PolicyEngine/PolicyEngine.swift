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
    let resourceTypes: [DeclaredResourceType]
    let policies: [PreparedPolicy]
    /// Policies' variables need this many slots beyond the request's.
    let variableSlots: Int

    /// Prepares a verified bundle for deciding; verifies the code of every condition.
    public init(_ bundle: PolicyBundle) throws(BundleError) {
        self.bundle = bundle
        digest = bundle.digest.description
        commit = bundle.meta(.commit)
        let context = bundle.contextMembers
        var slots: [SlotSource] = []
        for row in 0..<bundle.count(.slot) {
            let path = bundle.string(Int(bundle.word(.slot, row, 0)))
            guard let source = SlotSource(path: path, type: bundle.string(Int(bundle.word(.slot, row, 1))), context: context) else {
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
        resourceTypes = bundle.declaredResourceTypes
        permissions = (0..<bundle.count(.role)).map { bundle.preparedPermissions(ofRole: $0) }
        policies = (0..<bundle.count(.poli)).map { bundle.preparedPolicy($0) }
    }

    /// Decides `request`.
    ///
    /// - Parameters:
    ///   - now: nanoseconds since 1970-01-01T00:00:00Z.
    ///   - id: the decision's id, chosen by the caller so that deciding stays pure.
    /// - Throws: `RequestError` if a member of the request has another type, or another value, than the declared ones.
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
        guard let resource = findResource(request.resource) else {
            decision.reasons = [.init(.unknownResource, "there is no \(request.resource.type) `\(request.resource.id)`")]
            return decision
        }
        if case .declared(let type) = resource, !type.actions.contains(request.action) {
            decision.reasons = [.init(.unknownAction, "a resource of type `\(type.name)` has no action `\(request.action)`")]
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
        case declared(DeclaredResourceType)
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

    private func findResource(_ resource: DecisionRequest.Entity) -> ResolvedResource? {
        if resource.type == "model" {
            guard let name = bundle.find(resource.id) else { return nil }
            return bundle.search(.modl, UInt32(name), column: ModelColumn.name).map { .model($0) }
        }
        return resourceTypes.first { $0.name == resource.type }.map { .declared($0) }
    }
}
