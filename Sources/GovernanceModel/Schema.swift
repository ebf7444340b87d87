/// The shape of one object of a document: the single declaration from which checking, JSON Schemas and database columns follow.
public struct ObjectSchema: Sendable {
    public var doc: String
    public var fields: [Field]
    /// A rule that the fields obey together.
    public var rule: Rule?

    public enum Rule: Sendable {
        /// Exactly one of these fields is given.
        case exactlyOne([String])
        /// At least one of these fields is given.
        case atLeastOne([String])
        /// Exactly one of the alternatives' fields is given, with what it needs and without what it excludes.
        case alternatives([Alternative])
    }

    public struct Alternative: Sendable {
        public var field: String
        public var needs: [String]
        public var excludes: [String]
    }

    public init(_ doc: String, rule: Rule? = nil, _ fields: [Field]) {
        self.doc = doc
        self.fields = fields
        self.rule = rule
    }

    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

/// One field of an object.
public struct Field: Sendable {
    public var name: String
    public var type: FieldType
    public var isRequired: Bool
    public var doc: String

    public static func required(_ name: String, _ type: FieldType, _ doc: String) -> Field {
        Field(name: name, type: type, isRequired: true, doc: doc)
    }

    public static func optional(_ name: String, _ type: FieldType, _ doc: String) -> Field {
        Field(name: name, type: type, isRequired: false, doc: doc)
    }
}

/// What a field may hold.
public indirect enum FieldType: Sendable {
    case string(StringFormat)
    case bool
    case integer(ClosedRange<Int64>)
    /// An exact decimal, at least zero, with at most nine digits after the point.
    case decimal
    case enumeration([String])
    /// The name of a document of that kind.
    case reference(Kind)
    case list(FieldType, minimum: Int = 0)
    /// A mapping with free keys.
    case map(FieldType)
    case object(ObjectSchema)
    /// Any YAML value.
    case any
}

/// What the text of a string field must look like.
public enum StringFormat: Sendable, Equatable {
    case text
    /// A name by the rules for names, that is not a reference to a document.
    case name
    case email
    /// An RFC 3339 date or date and time.
    case timestamp
    /// A count and a unit: `500ms`, `5s`, `15m`, `1h`, `30d`.
    case period
    /// An IANA time zone name.
    case timeZone
    /// An ISO 4217 code.
    case currency
    /// `https://…`, or `http://…` to a loopback address.
    case url
    /// Text in which `*` stands for any characters; `of` names the kind whose documents it selects.
    case glob(of: Kind?)
    /// `type:glob`, as permissions name resources and policies name subjects.
    case typedGlob
    /// `user:NAME`, `service-account:NAME`, `team:NAME` or `role:NAME`.
    case subject
    /// `framework/control`.
    case control
    /// A CEL expression of type `bool`.
    case condition
    /// A CEL expression of any type.
    case expression
    /// A CEL expression of type `string`.
    case message
    /// A regular expression in RE2's syntax.
    case pattern
}
