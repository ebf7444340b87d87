import PolicyBundle

/// Texts that are equal exactly where parts of two bundles mean the same, whatever their row numbers and wherever they were written.
struct BundleSignatures {
    /// By name.
    let policies: [String: String]
    /// Of roles, own permissions alone.
    let roles: [String: String]
    let models: [String: String]
    /// Of exemptions: what it takes away, from whom and until when.
    let exemptions: [String: (signature: String, policies: [String])]
    /// What requests may hold.
    let requests: String

    init(_ bundle: PolicyBundle) {
        let reader = Reader(bundle: bundle)
        policies = reader.all(.poli, name: PolicyColumn.name.rawValue) { reader.policy($0) }
        roles = reader.all(.role, name: RoleColumn.name.rawValue) { reader.role($0) }
        models = reader.all(.modl, name: ModelColumn.name.rawValue) { reader.model($0) }
        exemptions = reader.all(.exem, name: ExemptionColumn.name.rawValue) { reader.exemption($0) }
        requests = reader.requests()
    }

    private struct Reader {
        let bundle: PolicyBundle

        func all<Value>(_ section: BundleSection, name column: Int, _ value: (Int) -> Value) -> [String: Value] {
            var values: [String: Value] = [:]
            for row in 0..<bundle.count(section) { values[bundle.string(Int(bundle.word(section, row, column)))] = value(row) }
            return values
        }

        /// Parts that cannot run into each other.
        private func join(_ parts: [String]) -> String { parts.map { "\($0.utf8.count):\($0)" }.joined() }

        private func condition(_ word: UInt32) -> String {
            word == BundleFormat.none ? "" : bundle.string(.prog, Int(word), ProgramColumn.text)
        }

        func policy(_ row: Int) -> String {
            var parts = [String(bundle.word(.poli, row, PolicyColumn.enforcement))]
            for first in [PolicyColumn.actions, .notActions] {
                let given = bundle.word(.poli, row, first == .actions ? PolicyColumn.given : .notGiven)
                for dimension in 0..<8 where given & (1 << UInt32(dimension)) != 0 {
                    parts.append("\(first.rawValue + dimension)")
                    parts.append(join(dimensionNames(row, dimension, first.rawValue + dimension * 2)))
                }
            }
            parts += bundle.list(.poli, row, PolicyColumn.variables).map { condition(UInt32($0)) }
            for rule in bundle.records(.poli, row, PolicyColumn.rules) {
                parts.append(
                    join([
                        String(bundle.word(.rule, rule, RuleColumn.effect)), condition(bundle.word(.rule, rule, RuleColumn.condition)),
                        bundle.value(bundle.index(.rule, rule, RuleColumn.obligation)).description,
                    ]))
            }
            return join(parts)
        }

        /// The words of a dimension in order: names of documents where it holds those.
        private func dimensionNames(_ row: Int, _ dimension: Int, _ column: Int) -> [String] {
            let offset = Int(bundle.word(.poli, row, column))
            let sections: [BundleSection?] = [nil, nil, .team, .role, nil, .modl, .prov, nil]
            return (0..<Int(bundle.word(.poli, row, column + 1))).map { number in
                let word = Int(bundle.word(.list, offset + number, 0))
                return bundle.string(sections[dimension].map { Int(bundle.word($0, word, 0)) } ?? word)
            }
        }

        func role(_ row: Int) -> String {
            let permissions = bundle.records(.role, row, RoleColumn.permissions).map { permission in
                join([
                    join(bundle.strings(.perm, permission, PermissionColumn.actions)),
                    join(bundle.strings(.perm, permission, PermissionColumn.resources)),
                    condition(bundle.word(.perm, permission, PermissionColumn.condition)),
                ])
            }
            return join(permissions)
        }

        func model(_ row: Int) -> String {
            let provider = bundle.index(.modl, row, ModelColumn.provider)
            var parts = [
                bundle.string(.prov, provider, ProviderColumn.name), bundle.string(.modl, row, ModelColumn.upstream),
                bundle.string(.modl, row, ModelColumn.mode), join(bundle.strings(.modl, row, ModelColumn.regions)),
                join(bundle.strings(.modl, row, ModelColumn.capabilities)), join(bundle.strings(.modl, row, ModelColumn.tags)),
                String(bundle.word(.modl, row, ModelColumn.contextWindow)), String(bundle.word(.modl, row, ModelColumn.maxOutput)),
            ]
            for price in bundle.records(.modl, row, ModelColumn.prices) {
                parts.append((0..<BundleSection.pric.stride).map { String(bundle.word(.pric, price, $0)) }.joined(separator: " "))
            }
            return join(parts)
        }

        func exemption(_ row: Int) -> (signature: String, policies: [String]) {
            let policies = bundle.list(.exem, row, ExemptionColumn.policies).map { bundle.string(.poli, $0, PolicyColumn.name) }
            let parts =
                policies + [
                    String(bundle.word(.exem, row, ExemptionColumn.subjectKind)), bundle.string(.exem, row, ExemptionColumn.subject),
                    String(bundle.int64(.exem, row, ExemptionColumn.expiresLow)),
                ]
            return (join(parts), policies)
        }

        func requests() -> String {
            func members(_ rows: Range<Int>) -> String {
                join(
                    rows.map { row in
                        join(
                            [bundle.string(.attr, row, AttributeColumn.name), bundle.string(.attr, row, AttributeColumn.typeName)]
                                + bundle.strings(.attr, row, AttributeColumn.values))
                    })
            }
            var parts = [members(bundle.records(.meta, 0, MetaColumn.contextMembers))]
            for row in 0..<bundle.count(.rtyp) {
                let actions = bundle.list(.rtyp, row, ResourceTypeColumn.actions).map { bundle.string(Int(bundle.word(.actn, $0, 0))) }
                parts += [
                    bundle.string(.rtyp, row, ResourceTypeColumn.name), String(bundle.word(.rtyp, row, ResourceTypeColumn.isOpen)),
                    members(bundle.records(.rtyp, row, ResourceTypeColumn.properties)), join(actions),
                ]
            }
            return join(parts)
        }
    }
}
