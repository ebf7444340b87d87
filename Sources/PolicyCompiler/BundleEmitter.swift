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
    /// For each subject attribute, by number, where the values are that were stored last.
    private var attributeValues: [Int: [SpecNode.Scalar: UInt32]] = [:]
    private var closures: Closures
    private let subjectMemory: SubjectMemory
    let names: MatchDimensions.Names
    let policyIndex: [String: UInt32]
    let universe: RequestUniverse
    var index: MatchIndexBuilder
    private var grants: GrantBuilder
    /// By condition, the rules that it is shared by.
    var rulesOfCondition: [UInt32: [UInt32]] = [:]
    var exemptionsOfSubject: [UInt32: [UInt32]] = [:]
    var exemptionsOfTeam: [UInt32: [UInt32]] = [:]
    var exemptionsOfRole: [UInt32: [UInt32]] = [:]
    /// Policies that some exemption names.
    var exempted: Set<UInt32> = []
    let subjectRow: (_ isServiceAccount: Bool, _ name: String) -> UInt32?
    private let subjectAttributes: [Organization.Attribute]
    private let resourceTypeList: [Organization.ResourceType]
    private var paths: (path: String, id: UInt32)?

    init(
        governance: Governance, organization: Organization, conditions: CompiledConditions, environment: CELEnvironment, closures: Closures,
        subjects: SubjectMemory
    ) {
        subjectMemory = subjects
        self.closures = closures
        self.governance = governance
        self.organization = organization
        self.conditions = conditions
        self.environment = environment
        names = MatchDimensions.Names(governance, closures)
        policyIndex = MatchDimensions.Names.index(governance, .policy)
        subjectAttributes = organization.subjectAttributes
        resourceTypeList = RequestUniverse.types(organization)
        universe = RequestUniverse(governance, resourceTypeList, names.providers)
        let userCount = governance.all(.user).count
        let subjectRow = { (isServiceAccount: Bool, name: String) -> UInt32? in
            let row = governance.place(of: name, isServiceAccount ? .serviceAccount : .user)
            return row.map { UInt32(isServiceAccount ? userCount + $0 : $0) }
        }
        self.subjectRow = subjectRow
        self.index = MatchIndexBuilder(universe: universe, subjectRow: subjectRow)
        grants = GrantBuilder(universe: universe)
    }

    mutating func emit(origin: BundleOrigin) throws(BundleError) -> [UInt8] {
        meta(origin)
        for slot in environment.slots { writer.slot(path: slot.path.joined(separator: "."), type: slot.type.description) }
        for action in universe.actions { writer.append(.actn, words: [writer.string(action)]) }
        resourceTypes()
        subjects()
        for document in governance.all(.team) { team(document) }
        for document in governance.all(.role) { role(document) }
        for document in governance.all(.provider) { provider(document) }
        for document in governance.all(.model) { model(document) }
        for document in governance.policies { policy(document, Policy(spec: document.spec)) }
        for document in governance.all(.exemption) { exemption(document, Exemption(spec: document.spec)) }
        exemptionLists()
        for place in grants.grants { writer.append(.grnt, words: [place]) }
        index.write(&writer, exemptions: exemptionsOfSubject, exempted: exempted, memos: memos())
        return try writer.finish()
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
                .subjectAttributeCount: UInt32(subjectAttributes.count),
            ])
    }

    private mutating func resourceTypes() {
        let known = Dictionary(uniqueKeysWithValues: universe.actions.enumerated().map { (Array($1.utf8), UInt32($0)) })
        for type in resourceTypeList {
            let properties = declared(type.properties)
            let actions = writer.list(Set(type.actions.compactMap { known[Array($0.value.utf8)] }).sorted())
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
        let (users, accounts) = (governance.all(.user), governance.all(.serviceAccount))
        writer.reserve(subjects: users.count + accounts.count)
        // Where classes and sets of attributes are, as soon as the first subject has one. What was written once is found again whenever it is
        // written anew, so that leaving that out changes nothing.
        let (facts, known) = (subjectMemory.users, subjectMemory.classes)
        var classes = [UInt32](repeating: BundleFormat.none, count: known.count)
        var attributeSets = [UInt32](repeating: BundleFormat.none, count: subjectMemory.attributesCount)
        for (place, document) in users.enumerated() {
            let user = facts[place]
            let number = Int(user.classNumber)
            if classes[number] == BundleFormat.none {
                classes[number] = subjectClass(roles: known[number].roles, teams: known[number].teams)
            }
            let name = writer.uniqueString(document.plainName)
            let email = document.spec["email"]?.withText { writer.uniqueString($0) } ?? writer.string("")
            let attributes: UInt32
            if let number = user.attributesNumber.map({ Int($0) }) {
                if attributeSets[number] == BundleFormat.none { attributeSets[number] = self.attributes(document.spec.map("attributes")) }
                attributes = attributeSets[number]
            } else {
                attributes = self.attributes(document.spec.map("attributes"))
            }
            let row = writer.subject(
                name: name, email: email, flags: user.isDisabled ? SubjectColumn.disabled : 0, subjectClass: classes[number],
                attributes: attributes, path: path(document.path), line: UInt32(clamping: document.line))
            if user.hasIdentities {
                for identity in document.spec.texts("identities") { writer.identity(identity, type: 0, subject: row) }
            }
        }
        for document in accounts {
            let account = ServiceAccount(spec: document.spec)
            let roles = closures.roles(own: account.roles.map(\.value), teams: [])
            let subjectClass = subjectClass(roles: roles, teams: [])
            let row = writer.subject(
                name: writer.uniqueString(document.plainName), email: writer.string(""),
                flags: (account.isDisabled ? SubjectColumn.disabled : 0) | SubjectColumn.serviceAccount, subjectClass: subjectClass,
                attributes: attributes(account.attributes), path: path(document.path), line: UInt32(clamping: document.line))
            for identity in account.identities { writer.identity(identity.value, type: 1, subject: row) }
        }
    }

    private mutating func subjectClass(roles: [UInt32], teams: [UInt32]) -> UInt32 {
        let (roleList, teamList) = (writer.list(roles), writer.list(teams))
        return writer.appendOnce(.clss, words: [roleList.offset, roleList.count, teamList.offset, teamList.count])
    }

    /// The list of the attributes' values in the order in which they are declared.
    private mutating func attributes(_ given: [(key: Located<String>, value: SpecNode)]) -> UInt32 {
        var words = [UInt32](repeating: BundleFormat.none, count: subjectAttributes.count)
        for (key, node) in given {
            guard let number = subjectAttributes.firstIndex(where: { $0.name.value == key.value }) else { continue }
            words[number] = attribute(node, number)
        }
        return writer.list(words).offset
    }

    private mutating func attribute(_ node: SpecNode, _ number: Int) -> UInt32 {
        let scalar = node.scalar
        if let scalar, let known = attributeValues[number]?[scalar] { return known }
        guard let value = AttributeValue.value(node, type: subjectAttributes[number].type) else { return BundleFormat.none }
        let row = writer.value(value)
        if let scalar, attributeValues[number, default: [:]].count < AttributeValue.remembered {
            attributeValues[number, default: [:]][scalar] = row
        }
        return row
    }

    /// Subjects of one file follow each other.
    private mutating func path(_ path: String) -> UInt32 {
        if let paths, paths.path == path { return paths.id }
        let id = writer.string(path)
        paths = (path, id)
        return id
    }

    private mutating func team(_ document: Document) {
        let parent = document.spec["parent"]?.text.flatMap { closures.teamIndex[$0] }.map { UInt32($0) }
        // Not by a dictionary of columns: there may be very many teams.
        var words = [UInt32](repeating: 0, count: BundleSection.team.stride)
        words[TeamColumn.name.rawValue] = writer.string(document.plainName)
        words[TeamColumn.parent.rawValue] = parent ?? BundleFormat.none
        words[TeamColumn.source.rawValue] = source(document.span)
        writer.append(.team, words: words)
    }

    private mutating func role(_ document: Document) {
        let programs = conditions.permissions(ofRole: document.plainName)
        let first = writer.count(.perm)
        var residual: [UInt32] = []
        var unconditional: [GrantBuilder.Reach] = []
        for (number, permission) in Role(spec: document.spec).permissions.enumerated() {
            let actions = writer.list(strings: permission.actions.map(\.value))
            let resources = typedGlobs(permission.resources)
            let condition = programs[number].map {
                writer.program($0, slotCount: environment.slots.count, source: permission.when?.value ?? "")
            }
            let reach = grants.reach(permission, &writer)
            let row = writer.append(
                .perm,
                [
                    PermissionColumn.actions: actions.offset, .actionCount: actions.count, .resources: resources.offset,
                    .resourceCount: resources.count, .condition: condition ?? BundleFormat.none, .actionBits: reach.actionBits,
                    .entryBits: reach.entryBits, .isExact: reach.isExact ? 1 : 0, .source: source(permission.node.span),
                ])
            if reach.isResidual { residual.append(row) }
            if permission.when == nil { unconditional.append(reach) }
        }
        grants.add(unconditional, &writer)
        let residualList = writer.list(residual)
        writer.append(
            .role,
            [
                RoleColumn.name: writer.string(document.plainName), .permissions: first, .permissionCount: writer.count(.perm) - first,
                .residual: residualList.offset, .residualCount: residualList.count, .source: source(document.span),
            ])
    }

    // MARK: Models

    private mutating func provider(_ document: Document) {
        let provider = Provider(spec: document.spec)
        writer.append(
            .prov,
            [
                ProviderColumn.name: writer.string(document.plainName), .protocolType: writer.string(provider.type),
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
                ModelColumn.name: writer.string(document.plainName), .provider: names.providers[model.provider.value] ?? 0,
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
