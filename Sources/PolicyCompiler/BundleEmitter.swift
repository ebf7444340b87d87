import CEL
import Diagnostics
import GovernanceModel
import Patterns
import PolicyBundle

/// Writes a checked model into a bundle. Documents are visited by kind and name, so that the same model gives the same bytes.
struct BundleEmitter {
    let governance: Governance
    let organization: Organization
    let conditions: CompiledConditions
    let environment: CELEnvironment
    var writer = BundleWriter()
    let closures: Closures
    let modelIndex: [String: UInt32]
    let providerIndex: [String: UInt32]
    let policyIndex: [String: UInt32]

    init(governance: Governance, organization: Organization, conditions: CompiledConditions, environment: CELEnvironment) {
        self.governance = governance
        self.organization = organization
        self.conditions = conditions
        self.environment = environment
        closures = Closures(governance)
        func index(_ kind: Kind) -> [String: UInt32] {
            Dictionary(uniqueKeysWithValues: governance.all(kind).enumerated().map { ($1.name.value, UInt32($0)) })
        }
        modelIndex = index(.model)
        providerIndex = index(.provider)
        policyIndex = index(.policy)
    }

    mutating func emit(origin: BundleOrigin) -> [UInt8] {
        meta(origin)
        for slot in environment.slots { writer.slot(path: slot.path.joined(separator: "."), type: slot.type.description) }
        resourceTypes()
        subjects()
        for document in governance.all(.team) { team(document) }
        for document in governance.all(.role) { role(document) }
        for document in governance.all(.provider) { provider(document) }
        for document in governance.all(.model) { model(document) }
        for document in governance.all(.policy) { policy(document, Policy(spec: document.spec)) }
        for document in governance.all(.exemption) { exemption(document, Exemption(spec: document.spec)) }
        return writer.finish()
    }

    // MARK: The whole

    private mutating func meta(_ origin: BundleOrigin) {
        let time = Self.halves(origin.time)
        let members = contextMembers()
        writer.append(
            .meta,
            [
                MetaColumn.organization: writer.string(governance.all(.organization).first?.name.value ?? ""),
                .displayName: writer.string(organization.spec.string("displayName")?.value ?? ""),
                .currency: writer.string(organization.currency), .timeZone: writer.string(organization.timeZone),
                .commit: writer.string(origin.commit), .tree: writer.string(origin.tree), .commitTimeLow: time.low,
                .commitTimeHigh: time.high,
                .compiler: writer.string(PolicyCompiler.version), .documents: UInt32(governance.count),
                .contextMembers: members.first, .contextMemberCount: members.count,
            ])
    }

    private mutating func resourceTypes() {
        for type in organization.resourceTypes.sorted(by: { $0.name.value < $1.name.value }) {
            let properties = declared(type.properties)
            let actions = writer.list(strings: type.actions.map(\.value))
            writer.append(
                .rtyp,
                [
                    ResourceTypeColumn.name: writer.string(type.name.value), .isOpen: type.isOpen ? 1 : 0, .properties: properties.first,
                    .propertyCount: properties.count, .actions: actions.offset, .actionCount: actions.count,
                ])
        }
    }

    /// What a request's context may hold: the built-in members, then the declared ones.
    private mutating func contextMembers() -> (first: UInt32, count: UInt32) {
        let first = writer.count(.attr)
        for field in ConditionVariables.contextFields {
            attribute(field.name, field.type, values: ConditionVariables.contextValues[field.name] ?? [])
        }
        _ = declared(organization.contextAttributes)
        return (first, writer.count(.attr) - first)
    }

    private mutating func declared(_ attributes: [Organization.Attribute]) -> (first: UInt32, count: UInt32) {
        let first = writer.count(.attr)
        for one in attributes.sorted(by: { $0.name.value < $1.name.value }) {
            attribute(one.name.value, ConditionVariables.type(named: one.type) ?? .dyn, values: one.values)
        }
        return (first, writer.count(.attr) - first)
    }

    private mutating func attribute(_ name: String, _ type: CELType, values: [String]) {
        let list = writer.list(strings: values)
        writer.append(
            .attr,
            [
                AttributeColumn.name: writer.string(name), .typeName: writer.string(type.description), .values: list.offset,
                .valueCount: list.count,
            ])
    }

    // MARK: Subjects

    private mutating func subjects() {
        for document in governance.all(.user) {
            let user = User(spec: document.spec)
            let teams = closures.teams(ofUser: document.name.value)
            subject(
                document, type: 0, email: user.email.value, isDisabled: user.isDisabled, teams: teams, roles: user.roles,
                attributes: user.attributes, identities: user.identities)
        }
        for document in governance.all(.serviceAccount) {
            let account = ServiceAccount(spec: document.spec)
            subject(
                document, type: 1, email: "", isDisabled: account.isDisabled, teams: [], roles: account.roles,
                attributes: account.attributes,
                identities: account.identities)
        }
    }

    private mutating func subject(
        _ document: Document, type: UInt32, email: String, isDisabled: Bool, teams: [Int], roles: [Located<String>],
        attributes: [(key: Located<String>, value: SpecNode)], identities: [Located<String>]
    ) {
        let teamList = writer.list(teams.map(UInt32.init))
        let roleList = writer.list(closures.roles(own: roles.map(\.value), teams: teams).map(UInt32.init))
        let entries = attributes.sorted { $0.key.value < $1.key.value }.compactMap { key, value -> (String, CELValue)? in
            let declared = organization.subjectAttributes.first { $0.name.value == key.value }
            return declared.flatMap { AttributeValue.value(value, type: $0.type) }.map { (key.value, $0) }
        }
        let values = writer.value(.map(CELMap(entries)))
        let row = writer.append(
            .subj,
            [
                SubjectColumn.subjectType: type, .name: writer.string(document.name.value), .email: writer.string(email),
                .displayName: writer.string(document.spec.string("displayName")?.value ?? ""), .flags: isDisabled ? 1 : 0,
                .roles: roleList.offset, .roleCount: roleList.count, .teams: teamList.offset, .teamCount: teamList.count,
                .attributes: values,
                .source: source(document.span),
            ])
        for identity in identities { writer.identity(identity.value, type: type, subject: row) }
    }

    private mutating func team(_ document: Document) {
        let parent = Team(spec: document.spec).parent.flatMap { closures.teamIndex[$0.value] }.map { UInt32($0) }
        writer.append(
            .team,
            [
                TeamColumn.name: writer.string(document.name.value), .parent: parent ?? BundleFormat.none, .source: source(document.span),
            ])
    }

    private mutating func role(_ document: Document) {
        let programs = conditions.permissions[document.name.value] ?? []
        let first = writer.count(.perm)
        for (number, permission) in Role(spec: document.spec).permissions.enumerated() {
            let actions = writer.list(strings: permission.actions.map(\.value))
            let resources = typedGlobs(permission.resources)
            let condition = programs[number].map { writer.program($0, slotCount: environment.slots.count) }
            writer.append(
                .perm,
                [
                    PermissionColumn.actions: actions.offset, .actionCount: actions.count, .resources: resources.offset,
                    .resourceCount: resources.count, .condition: condition ?? BundleFormat.none, .source: source(permission.node.span),
                ])
        }
        writer.append(
            .role,
            [
                RoleColumn.name: writer.string(document.name.value), .permissions: first, .permissionCount: writer.count(.perm) - first,
                .source: source(document.span),
            ])
    }

    // MARK: Models

    private mutating func provider(_ document: Document) {
        let provider = Provider(spec: document.spec)
        writer.append(
            .prov,
            [
                ProviderColumn.name: writer.string(document.name.value), .protocolType: writer.string(provider.type),
                .region: provider.region.map { writer.string($0) } ?? BundleFormat.none,
            ])
    }

    private mutating func model(_ document: Document) {
        let model = Model(spec: document.spec)
        let prices = model.prices.map { (from: Timestamp.seconds($0.effectiveFrom.value) ?? 0, price: $0) }.sorted { $0.from < $1.from }
        let first = writer.count(.pric)
        for (from, price) in prices {
            var record: [PriceColumn: UInt32] = [:]
            func set(_ low: PriceColumn, _ high: PriceColumn, _ number: Int64) { (record[low], record[high]) = Self.halves(number) }
            set(.fromLow, .fromHigh, from)
            set(.inputLow, .inputHigh, price.input)
            set(.outputLow, .outputHigh, price.output)
            set(.longAboveLow, .longAboveHigh, price.longContextAbove ?? 0)
            set(.longInputLow, .longInputHigh, price.longContextInput)
            set(.longOutputLow, .longOutputHigh, price.longContextOutput)
            writer.append(.pric, record)
        }
        let regions = writer.list(strings: model.regions)
        let capabilities = writer.list(strings: model.capabilities)
        let tags = writer.list(strings: model.tags)
        writer.append(
            .modl,
            [
                ModelColumn.name: writer.string(document.name.value), .provider: providerIndex[model.provider.value] ?? 0,
                .upstream: writer.string(model.upstream), .mode: writer.string(model.mode), .regions: regions.offset,
                .regionCount: regions.count, .capabilities: capabilities.offset, .capabilityCount: capabilities.count, .tags: tags.offset,
                .tagCount: tags.count, .contextWindow: UInt32(model.contextWindow ?? 0), .maxOutput: UInt32(model.maxOutput ?? 0),
                .prices: first, .priceCount: UInt32(prices.count), .source: source(document.span),
            ])
    }

    // MARK: Shared

    mutating func typedGlobs(_ globs: [Located<String>]) -> (offset: UInt32, count: UInt32) {
        writer.list(
            strings: globs.flatMap { glob -> [String] in
                let parts = glob.value.split(separator: ":", maxSplits: 1).map(String.init)
                return parts.count == 2 ? parts : ["", ""]
            })
    }

    mutating func source(_ span: SourceSpan) -> UInt32 { writer.source(path: span.path, line: span.line, column: span.column) }

    static func halves(_ number: Int64) -> (low: UInt32, high: UInt32) {
        (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
    }
}
