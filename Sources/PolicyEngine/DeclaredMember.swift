import PolicyBundle

/// A member of a request's context, or a property of its resource, as the organisation declares it.
struct DeclaredMember: Sendable {
    /// As the bundle's slots spell it.
    var type: String
    /// The only texts allowed; every one, when empty.
    var values: [String] = []
}

/// A type of resource beside models.
struct DeclaredResourceType: Sendable {
    var name: String
    /// Whether properties beyond the declared ones are allowed.
    var isOpen: Bool
    var actions: [String]
    var properties: [String: DeclaredMember]
}

extension PolicyBundle {
    /// The members of a request's context, built-in and declared.
    var contextMembers: [String: DeclaredMember] { declared(records(.meta, 0, MetaColumn.contextMembers)) }

    var declaredResourceTypes: [DeclaredResourceType] {
        (0..<count(.rtyp)).map { row in
            DeclaredResourceType(
                name: string(.rtyp, row, ResourceTypeColumn.name), isOpen: word(.rtyp, row, ResourceTypeColumn.isOpen) == 1,
                actions: strings(.rtyp, row, ResourceTypeColumn.actions),
                properties: declared(records(.rtyp, row, ResourceTypeColumn.properties)))
        }
    }

    private func declared(_ rows: Range<Int>) -> [String: DeclaredMember] {
        // Names are unique in a bundle that a compiler wrote; in any other the last one counts.
        Dictionary(
            rows.map { row in
                (
                    string(.attr, row, AttributeColumn.name),
                    DeclaredMember(
                        type: string(.attr, row, AttributeColumn.typeName), values: strings(.attr, row, AttributeColumn.values))
                )
            }, uniquingKeysWith: { $1 })
    }
}
