import Diagnostics
import JSON
import YAML

/// A document whose structure has been checked. It never changes: two versions of a repository share the documents of the files that are the
/// same in both, and `===` tells so.
public final class Document: Sendable {
    public let kind: Kind
    /// `metadata.name`.
    public let plainName: String
    let tree: SpecTree
    /// The document's links are these of its tree.
    let links: Range<Int>
    let range: YAMLRange
    let places: Places
    /// Of a template: the policy that it comes to by itself, without what depends on values that only policies give. For checking.
    public let specimen: Document?
    /// Of a policy that was made from a template.
    public let templateUse: TemplateUse?

    /// Where the parts begin in the tree.
    struct Places: Sendable {
        var name: Int
        var labels: Int?
        var annotations: Int?
        var spec: Int
    }

    init(
        kind: Kind, name: String, tree: SpecTree, range: YAMLRange, places: Places, links: Range<Int>, specimen: Document? = nil,
        templateUse: TemplateUse? = nil
    ) {
        self.kind = kind
        plainName = name
        self.tree = tree
        self.range = range
        self.places = places
        self.links = links
        self.specimen = specimen
        self.templateUse = templateUse
    }

    /// `metadata.name` and its place.
    public var name: Located<String> { SpecNode(tree, at: places.name).string ?? Located(plainName, at: span) }

    /// The path of the file that it stands in.
    public var path: String { tree.path }

    /// The line that it begins on.
    public var line: Int { Int(range.line) }

    /// Where the document begins and ends.
    public var span: SourceSpan { tree.span(range) }

    /// Where `metadata.name` stands.
    var nameRange: YAMLRange { SpecNode(tree, at: places.name).head.range }

    public var spec: SpecNode { SpecNode(tree, at: places.spec) }

    public var labels: JSONObject { texts(places.labels) }
    public var annotations: JSONObject { texts(places.annotations) }

    private func texts(_ place: Int?) -> JSONObject {
        guard let place, case .object(let texts) = SpecNode(tree, at: place).json(as: .map(.string(.text))) else { return JSONObject() }
        return texts
    }

    /// A use of another document's name.
    public struct Reference: Sendable {
        public var kind: Kind
        public var name: Located<String>
    }

    /// Everything in it that names another document.
    public var references: [Reference] {
        links.compactMap { number in
            let link = tree.links[number]
            if link.form == .glob { return nil }
            return Reference(kind: Kind.numbered[Int(link.kind)], name: Located(tree.target(link), at: tree.span(link)))
        }
    }

    /// `spec` by its schema: what is stored in the database and printed.
    public var json: JSONObject { spec.json(as: kind.schema) }

    /// `Kind/name`.
    public var id: String { "\(kind.rawValue)/\(plainName)" }
}

/// What one file holds.
public struct ParsedFile: Sendable {
    public var path: String
    public var documents: [Document]
    /// Names of documents that are there but have errors, so that references to them are not reported too.
    public var broken: [(kind: Kind, name: String)]
    public var diagnostics: [Diagnostic]
}
