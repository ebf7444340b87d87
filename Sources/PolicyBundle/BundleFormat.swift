/// The sections of a bundle and the columns of their records. `docs/bundle.md` describes the format for other readers.
///
/// A bundle is one little-endian file: a header of 64 bytes, a table of sections, and the sections, each 8-byte aligned. Every record is a
/// fixed number of 32-bit words; what is longer (strings, lists, values) stands in a section of its own and is named by index.
public enum BundleFormat {
    /// `CHARTERB`
    public static let magic: [UInt8] = Array("CHARTERB".utf8)
    /// Raised whenever a reader of the old number could misread a new file.
    public static let version: UInt32 = 1
    static let headerSize = 64
    static let sectionEntrySize = 24
    static let digestRange = 24..<56

    /// Stands for "none" where a record names another by index.
    public static let none: UInt32 = .max
    /// A bundle larger than this is refused.
    public static let sizeLimit = 1 << 31
}

/// The sections, by four-letter tag.
public enum BundleSection: String, CaseIterable, Sendable {
    /// One record about the whole: see `MetaColumn`.
    case meta
    /// Where each string begins in `strb`; one entry more than there are strings. Strings are sorted by their bytes, each once.
    case strx
    /// The bytes of all strings.
    case strb
    /// A hash table of string indexes, for finding a string by its bytes.
    case strh
    /// Lists of words that records refer to by offset and count.
    case list
    /// Values: attributes, constants of conditions.
    case valu
    /// Where things were written: path, line, column.
    case srce
    case subj
    case iden
    case team
    case role
    case perm
    case rtyp
    case prov
    case modl
    case pric
    case poli
    case rule
    case exem
    /// Compiled conditions.
    case prog
    /// Instructions of all conditions.
    case code
    /// The names of the slots that conditions read, in slot order, with their types.
    case slot
    /// What a request may hold, built-in or declared: the members of its context and the properties of each resource type, with the only
    /// values that a text may have.
    case attr

    /// Words in a record; 0 for sections of bytes.
    public var stride: Int {
        switch self {
        case .strb: 0
        case .meta: MetaColumn.allCases.count
        case .strx, .strh, .list, .code: 1
        case .valu, .srce: 3
        case .subj: SubjectColumn.allCases.count
        case .iden: 3
        case .team: TeamColumn.allCases.count
        case .role: RoleColumn.allCases.count
        case .perm: PermissionColumn.allCases.count
        case .rtyp: ResourceTypeColumn.allCases.count
        case .prov: ProviderColumn.allCases.count
        case .modl: ModelColumn.allCases.count
        case .pric: PriceColumn.allCases.count
        case .poli: PolicyColumn.allCases.count
        case .rule: RuleColumn.allCases.count
        case .exem: ExemptionColumn.allCases.count
        case .prog: ProgramColumn.allCases.count
        case .slot: 2
        case .attr: AttributeColumn.allCases.count
        }
    }

    var tag: UInt32 {
        rawValue.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// What a word of a record holds; the verifier checks each word by it.
public enum ColumnType: Sendable, Equatable {
    /// Any number.
    case number
    /// A number below the bound.
    case below(UInt32)
    /// An index of a string.
    case string
    /// An index of a record of that section.
    case index(BundleSection)
    /// The same, or `BundleFormat.none`.
    case optional(BundleSection)
    case optionalString
    /// A count of words of `list`, whose offset is the word before. Each word of the list is of the type given.
    case listCount(ListElement)
    /// A count of records of that section, the first being named by the word before.
    case recordCount(BundleSection)
    /// The first half of a pair; checked with the second.
    case offset

    public enum ListElement: Sendable, Equatable {
        case strings
        /// Pairs of a type (a string) and a glob (a string).
        case typedGlobs
        case records(BundleSection)
        /// Any numbers; whoever reads them checks them.
        case numbers
    }
}

/// A set of columns.
public protocol BundleColumn: RawRepresentable<Int>, CaseIterable, Sendable {
    var type: ColumnType { get }
}
