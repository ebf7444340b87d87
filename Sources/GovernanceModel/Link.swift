import Diagnostics

/// Something in a document that names other documents: a reference by name, or a glob.
struct Link: Sendable {
    /// How the text stands for a name.
    enum Form: UInt8, Sendable {
        case name
        /// `kind:NAME`
        case afterColon
        /// `NAME/control`
        case beforeSlash
        /// A glob that must match something.
        case glob
    }

    /// Where the text's node begins in the tree.
    var offset: UInt32
    /// By `Kind.number`.
    var kind: UInt8
    var form: Form
}

extension SpecTree {
    /// What a link names, or its pattern.
    func target(_ link: Link) -> String {
        var text = head(at: Int(link.offset)).content
        switch link.form {
        case .name, .glob: break
        case .afterColon:
            let colon = withBytes(text) { $0.firstIndex(of: UInt8(ascii: ":")) }
            if let colon { text = text.lowerBound + colon + 1..<text.upperBound }
        case .beforeSlash:
            let slash = withBytes(text) { $0.firstIndex(of: UInt8(ascii: "/")) }
            if let slash { text = text.lowerBound..<text.lowerBound + slash }
        }
        return self.text(text)
    }

    func span(_ link: Link) -> SourceSpan { span(head(at: Int(link.offset)).range) }
}

/// Finds the links of a document that was checked.
struct LinkCollector {
    private(set) var links: [Link] = []

    mutating func collect(_ node: SpecNode, _ schema: ObjectSchema) {
        for field in schema.fields {
            guard field.type.holdsLinks, let value = node[field.name] else { continue }
            collect(value, field.type)
        }
    }

    private mutating func collect(_ node: SpecNode, _ type: FieldType) {
        switch type {
        case .object(let schema): collect(node, schema)
        case .list(let element, _): node.forEachItem { collect($0, element) }
        case .map(let element): for entry in node.entries { collect(entry.value, element) }
        case .reference(let kind): add(node, kind, .name)
        case .string(.glob(of: let kind?)): add(node, kind, .glob)
        case .string(.subject): if let text = node.text, let subject = SubjectReference(text) { add(node, subject.kind, .afterColon) }
        case .string(.control): if node.text?.contains("/") == true { add(node, .complianceFramework, .beforeSlash) }
        case .string, .bool, .integer, .decimal, .enumeration, .any: break
        }
    }

    mutating func add(_ node: SpecNode, _ kind: Kind, _ form: Link.Form) {
        links.append(Link(offset: UInt32(clamping: node.offset), kind: kind.number, form: form))
    }
}

extension FieldType {
    /// Whether there may be a link in a value of the type.
    fileprivate var holdsLinks: Bool {
        switch self {
        case .object(let schema): schema.fields.contains { $0.type.holdsLinks }
        case .list(let element, _), .map(let element): element.holdsLinks
        case .reference, .string(.glob(of: .some)), .string(.subject), .string(.control): true
        case .string, .bool, .integer, .decimal, .enumeration, .any: false
        }
    }
}
