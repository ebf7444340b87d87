import Foundation
import Testing

@testable import PolicyBundle

/// `docs/bundle.md` and the code say the same.
@Suite struct DocumentationTests {
    private static func page() throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: folder.appendingPathComponent("docs/bundle.md"), encoding: .utf8)
    }

    /// The rows of the table of sections.
    private static func rows() throws -> [Substring] {
        try page().components(separatedBy: "\n## Signature").first?.split(separator: "\n").filter { $0.hasPrefix("| `") } ?? []
    }

    @Test func `every section is described, in the order of the file`() throws {
        let rows = try Self.rows().map { $0.dropFirst(3).prefix { $0 != "`" } }
        #expect(rows.map(String.init) == BundleSection.allCases.map(\.name))
    }

    @Test func `every column is named, in the order of the record`() throws {
        let rows = try Self.rows()
        for (section, row) in zip(BundleSection.allCases, rows) where !section.columns.isEmpty {
            let names = section.columnNames.map { "`\($0)`" }.joined(separator: ", ")
            #expect(row.contains(names), "\(section.name): \(names)")
        }
    }

    @Test func `a record is as long as its columns`() {
        for section in BundleSection.allCases where !section.columns.isEmpty {
            #expect(section.stride == section.columns.count, "\(section.name)")
        }
    }

    @Test func `the version is the one described`() throws {
        #expect(try Self.page().hasPrefix("# The bundle format, version \(BundleFormat.version)\n"))
    }
}

extension BundleSection {
    /// The columns' names; the order is that of `columns`.
    fileprivate var columnNames: [String] {
        func names<Column: BundleColumn>(_: Column.Type) -> [String] { Column.allCases.map { String(describing: $0) } }
        return switch self {
        case .meta: names(MetaColumn.self)
        case .subj: names(SubjectColumn.self)
        case .clss: names(ClassColumn.self)
        case .team: names(TeamColumn.self)
        case .role: names(RoleColumn.self)
        case .perm: names(PermissionColumn.self)
        case .rtyp: names(ResourceTypeColumn.self)
        case .prov: names(ProviderColumn.self)
        case .modl: names(ModelColumn.self)
        case .pric: names(PriceColumn.self)
        case .poli: names(PolicyColumn.self)
        case .rule: names(RuleColumn.self)
        case .exem: names(ExemptionColumn.self)
        case .prog: names(ProgramColumn.self)
        case .attr: names(AttributeColumn.self)
        case .indx: names(IndexColumn.self)
        case .hotp: names(HotPolicyColumn.self)
        case .plac: names(PlaceColumn.self)
        case .anch: names(AnchorColumn.self)
        case .eqgr: names(EqualityGroupColumn.self)
        case .eqva: names(EqualityValueColumn.self)
        default: []
        }
    }
}
