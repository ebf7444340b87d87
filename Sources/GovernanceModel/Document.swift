import Diagnostics
import JSON

/// A document whose structure has been checked.
public struct Document: Sendable {
    public var kind: Kind
    public var name: Located<String>
    public var labels: JSONObject
    public var annotations: JSONObject
    public var spec: SpecNode
    /// `spec` by its schema: what is stored in the database and printed.
    public var json: JSONObject
    /// Everything in it that names another document.
    public var references: [Reference]
    /// Everything in it that must be checked against the whole repository.
    public var globs: [GlobUse]
    /// Where the document begins.
    public var span: SourceSpan

    /// A use of another document's name.
    public struct Reference: Sendable {
        public var kind: Kind
        public var name: Located<String>
    }

    /// A glob that selects documents of a kind.
    public struct GlobUse: Sendable {
        public var kind: Kind
        public var pattern: Located<String>
    }

    /// `Kind/name`.
    public var id: String { "\(kind.rawValue)/\(name.value)" }
}

/// What one file holds.
public struct ParsedFile: Sendable {
    public var path: String
    public var documents: [Document]
    /// Names of documents that are there but have errors, so that references to them are not reported too.
    public var broken: [(kind: Kind, name: String)]
    public var diagnostics: [Diagnostic]
}
