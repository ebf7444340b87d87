/// The sections of a bundle and the columns of their records. `docs/bundle.md` describes the format for other readers.
///
/// A bundle is one little-endian file: a header of 64 bytes, a table of sections, and the sections, each aligned to a cache line of 64 bytes. Every record is a
/// fixed number of 32-bit words; what is longer (strings, lists, values) stands in a section of its own and is named by index.
public enum BundleFormat {
    /// `CHARTERB`
    public static let magic: [UInt8] = Array("CHARTERB".utf8)
    /// Raised whenever a reader of the old number could misread a new file.
    public static let version: UInt32 = 3
    static let headerSize = 64
    static let sectionEntrySize = 24
    static let digestRange = 24..<56

    /// Stands for "none" where a record names another by index.
    public static let none: UInt32 = .max
    /// A bundle larger than this is refused.
    public static let sizeLimit = 1 << 31
    /// Sections begin at cache lines.
    static func padded(_ size: Int) -> Int { (size + 63) / 64 * 64 }
    /// Zeros behind the last section, so that eight bytes can be read from the end of any text.
    static let trailer = 8
}

/// The sections, in the order of the file. A section's tag is its name here.
public enum BundleSection: Int, CaseIterable, Sendable {
    /// One record about the whole: see `MetaColumn`.
    case meta
    /// Compiled conditions, 64-bit words: program images, run in place. What text cells flagged as a program's count from is its beginning.
    case code
    /// Hash table of the texts that conditions compare with: hash, place and length of each, as text cells have them; a length of `none` where
    /// there is no text.
    case txtc
    /// Where each string begins in `strb`; one entry more than there are strings.
    case strx
    /// The bytes of all strings.
    case strb
    /// Lists of words that records refer to by offset and count.
    case list
    /// Values: attributes, obligations.
    case valu
    /// Where things were written: path, line, column.
    case srce
    case subj
    /// Hash table of `subj` by type and name.
    case sbjh
    /// What many subjects have in common: their roles and teams, closures included.
    case clss
    case iden
    /// Hash table of `iden` by type and text.
    case idnh
    case team
    case role
    case perm
    case rtyp
    case prov
    case modl
    /// Hash table of `modl` by name.
    case mdlh
    case pric
    /// Actions that some document names.
    case actn
    /// Hash table of `actn` by name.
    case acth
    case poli
    case rule
    case exem
    /// Where compiled conditions lie in `code`.
    case prog
    /// Places in the sources of conditions, UTF-8 offsets: what each instruction of a graph decides; 0 and 0 where it decides nothing.
    case span
    /// The names of the slots that conditions read, in slot order, with their types.
    case slot
    /// What a request may hold, built-in or declared: the members of its context and the properties of each resource type, with the only
    /// values that a text may have.
    case attr
    /// One record: where the parts of the match index are.
    case indx
    /// Policies in the order of the match index: what is read of them each time, and the rest.
    case hotp
    case plac
    /// Subjects that policies or exemptions name.
    case anch
    /// Sparse bitmaps over `hotp`: number of a 64-bit word, the word.
    case post
    /// Dense bitmaps, 64-bit words.
    case bits
    /// For each role and action: the bitmap of the resources that the role may use without condition.
    case grnt
    /// Slots that policies are looked up by.
    case eqgr
    /// Values of these slots.
    case eqva
    /// Hash table of `eqva` by group and text.
    case eqvh

    /// Words in a record; 0 for the section of bytes. A test holds this and the columns together.
    @inlinable
    public var stride: Int {
        switch self {
        case .strb: 0
        case .strx, .list, .sbjh, .idnh, .mdlh, .actn, .acth, .eqvh, .grnt: 1
        case .code, .bits, .span: 2
        case .valu, .srce, .iden, .slot, .post, .prov, .eqgr, .txtc, .plac: 3
        case .clss, .attr, .eqva: 4
        case .anch: 5
        case .rtyp, .prog: 6
        case .subj, .rule: 7
        case .perm, .exem: 9
        case .indx: 10
        case .team, .pric: 12
        case .meta: 13
        case .role, .modl: 15
        case .hotp: 16
        case .poli: 45
        }
    }

    /// Four letters.
    public var name: String { Self.names[rawValue] }

    private static let names: [String] = allCases.map { String(describing: $0) }

    var tag: UInt32 { name.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) } }

    /// The words of a record of a section that is described by columns.
    var columns: [ColumnType] {
        switch self {
        case .meta: MetaColumn.types
        case .subj: SubjectColumn.types
        case .clss: ClassColumn.types
        case .team: TeamColumn.types
        case .role: RoleColumn.types
        case .perm: PermissionColumn.types
        case .rtyp: ResourceTypeColumn.types
        case .prov: ProviderColumn.types
        case .modl: ModelColumn.types
        case .pric: PriceColumn.types
        case .poli: PolicyColumn.types
        case .rule: RuleColumn.types
        case .exem: ExemptionColumn.types
        case .prog: ProgramColumn.types
        case .attr: AttributeColumn.types
        case .indx: IndexColumn.types
        case .hotp: HotPolicyColumn.types
        case .plac: PlaceColumn.types
        case .anch: AnchorColumn.types
        case .eqgr: EqualityGroupColumn.types
        case .eqva: EqualityValueColumn.types
        default: []
        }
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
    /// Where a list of as many values as there are subject attributes begins.
    case attributeList
    /// Where a bitmap over the resources begins in `bits`, or over the actions.
    case entryBitmap
    case actionBitmap

    public enum ListElement: Sendable, Equatable {
        case strings
        /// Pairs of a type (a string) and a glob (a string).
        case typedGlobs
        case records(BundleSection)
    }
}

/// A set of columns.
public protocol BundleColumn: RawRepresentable<Int>, CaseIterable, Sendable {
    var type: ColumnType { get }
}

extension BundleColumn {
    static var types: [ColumnType] { allCases.map(\.type) }
}
