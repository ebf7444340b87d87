import CEL
import JSON
import PolicyBundle

/// Decides requests from one bundle: a pure function of bundle, request and time.
///
/// Shared by threads; each decides through a `DecisionSession` of its own.
public final class PolicyEngine: Sendable {
    public let bundle: PolicyBundle
    /// SHA-256 of the bundle, in hexadecimal.
    public let digest: String
    public let commit: String

    let records: BundleRecords
    let slots: SlotNumbers
    let subjectAttributes: [Int]
    let slotCount: Int
    /// Policies' variables need this many slots beyond the request's.
    let variableSlots: Int
    let contextMembers: MemberTable
    let modelProperties: MemberTable
    /// By row of `rtyp`.
    let typeProperties: [MemberTable]
    let index: MatchIndex
    let roleNames: NameCells
    let teamNames: NameCells

    /// Prepares a bundle for deciding.
    public init(_ bundle: PolicyBundle) throws(BundleError) {
        self.bundle = bundle
        records = bundle.records
        digest = bundle.digest.description
        commit = bundle.meta(.commit)
        let slots = try SlotPlan(bundle)
        self.slots = slots.numbers
        subjectAttributes = slots.subjectAttributes
        slotCount = bundle.count(.slot)
        var widest = slotCount
        for row in 0..<bundle.count(.prog) { widest = max(widest, bundle.index(.prog, row, ProgramColumn.slotCount)) }
        for row in 0..<bundle.count(.poli) {
            widest = max(widest, slotCount + Int(records.word(.poli, row, PolicyColumn.variableCount)))
        }
        variableSlots = widest - slotCount
        let context = try Self.members(bundle, bundle.records(.meta, 0, MetaColumn.contextMembers)) { slots.context[$0] ?? -1 }
        let models = try ConditionVariables.modelProperties.sorted { $0.key < $1.key }.map { name, type throws(BundleError) in
            try Self.modelProperty(name, type.description, slots.properties[name] ?? -1)
        }
        let types = try (0..<bundle.count(.rtyp)).map { row throws(BundleError) in
            try Self.members(bundle, bundle.records(.rtyp, row, ResourceTypeColumn.properties)) { slots.properties[$0] ?? -1 }
        }
        // What has to be released comes last: nothing throws after it.
        index = MatchIndex(records)
        roleNames = NameCells(records, .role, isNeeded: self.slots.subjectRoles >= 0)
        teamNames = NameCells(records, .team, isNeeded: self.slots.subjectTeams >= 0)
        contextMembers = MemberTable(context)
        modelProperties = MemberTable(models)
        typeProperties = types.map { MemberTable($0) }
    }

    deinit {
        index.release()
        roleNames.release()
        teamNames.release()
        contextMembers.release()
        modelProperties.release()
        for table in typeProperties { table.release() }
    }

    private static func members(_ bundle: PolicyBundle, _ rows: Range<Int>, slot: (String) -> Int) throws(BundleError) -> [DeclaredMember] {
        var members: [DeclaredMember] = []
        let records = bundle.records
        for row in rows {
            let typeName = bundle.string(.attr, row, AttributeColumn.typeName)
            guard let type = MemberType(name: typeName) else {
                throw BundleError(.otherVersion, "the bundle declares a member of type `\(typeName)`, which this program does not know")
            }
            let values = UnsafeBufferPointer(
                start: records.words(.list) + bundle.index(.attr, row, AttributeColumn.values),
                count: bundle.index(.attr, row, AttributeColumn.valueCount))
            members.append(
                DeclaredMember(
                    name: bundle.stringBytes(bundle.index(.attr, row, AttributeColumn.name)), type: type,
                    slot: slot(bundle.string(.attr, row, AttributeColumn.name)), values: values))
        }
        return members
    }

    /// Properties of models are the same in every bundle.
    private static func modelProperty(_ name: String, _ typeName: String, _ slot: Int) throws(BundleError) -> DeclaredMember {
        guard name == "region", let type = MemberType(name: typeName) else {
            throw BundleError(.otherVersion, "models have a property `\(name)` that this program does not know")
        }
        let text: StaticString = "region"
        return DeclaredMember(
            name: UnsafeRawBufferPointer(start: UnsafeRawPointer(text.utf8Start), count: text.utf8CodeUnitCount), type: type, slot: slot,
            values: UnsafeBufferPointer(start: nil, count: 0))
    }

    /// Decides a request of the shape of OpenID AuthZEN (Authorization API 1.0 §5), as JSON. Makes a session for this one request.
    ///
    /// - Parameters:
    ///   - now: nanoseconds since 1970-01-01T00:00:00Z.
    ///   - id: the decision's id, chosen by the caller so that deciding stays pure.
    /// - Throws: `RequestError` if the text is no such request, or a member has another type, or another value, than the declared ones.
    public func decide(_ request: [UInt8], now: Int64, id: String) throws(RequestError) -> Decision {
        try decide(request, now: now, id: id, DecisionSession(self))
    }

    /// The same, and what was tried on the way.
    public func explain(
        _ request: [UInt8], now: Int64, id: String
    ) throws(RequestError) -> (decision: Decision, explanation: Explanation) {
        let session = DecisionSession(self)
        let trace = DecisionTrace(self)
        session.trace = trace
        return (try decide(request, now: now, id: id, session), Explanation(trace))
    }

    private func decide(_ request: [UInt8], now: Int64, id: String, _ session: DecisionSession) throws(RequestError) -> Decision {
        var result: Result<Decision, RequestError> = .failure(RequestError("", "cannot be read"))
        request.withUnsafeBytes { bytes in
            do throws(RequestError) {
                try session.decode(bytes, now: now)
                session.decide()
                result = .success(session.decision(id: id))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    public func decide(_ request: JSONValue, now: Int64, id: String) throws(RequestError) -> Decision {
        try decide(JSONWriter.bytes(request), now: now, id: id)
    }
}
