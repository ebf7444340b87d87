import GovernanceModel
import JSON
import Postgres
import Testing

import struct TestSupport.SeededGenerator

@testable import Reconciler

/// What is hashed in Swift and what is hashed by the database must be the same bytes for whatever a document can hold.
@Suite struct CanonicalTextTests {
    private static let texts: [String] = [
        "", " ", "plain", "\"quoted\"", "it's", "back\\slash", "\\n", "\\u0041", "a\nb", "a\r\nb", "a\tb",
        "\u{1}\u{2}\u{8}\u{b}\u{c}\u{e}\u{1f}",
        "\u{7f}", "\u{80}\u{9f}", "é", "e\u{301}", "ß", "İ", "Ω", "日本語", "🏳️‍🌈", "👩‍👩‍👧‍👦", "\u{10ffff}", "\u{ffff}", "\u{feff}bom",
        "\u{2028}\u{2029}", "\u{202e}rtl",
        "NULL", "null", "{}", "{a,b}", "[1, 2]", ",", "{", "}", "$1", "%s", "\\N", "\\.", "--", "/* */", "</script>", "x'00'",
        "changed by hand",
        String(repeating: "long ", count: 2000),
    ]
    private static let integers: [Int64] = [0, 1, -1, .max, .min, 9_007_199_254_740_993, -9_007_199_254_740_993, 1_000_000_000_000]
    private static let decimals = [
        "0", "1", "-1", "0.1", "0.000000001", "9223372036.854775807", "100", "1000000", "10000", "-0.5", "12345678901234567890.123456789",
        "1" + String(repeating: "0", count: 399), "0." + String(repeating: "0", count: 398) + "7",
    ]

    private static func json(_ generator: inout SeededGenerator, depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .int(integers.randomElement(using: &generator) ?? 0)
        case 3: return .decimal(decimals.randomElement(using: &generator) ?? "0")
        case 4, 5: return .string(text(&generator))
        case 6: return .array((0..<Int.random(in: 0..<5, using: &generator)).map { _ in json(&generator, depth: depth + 1) })
        default:
            // Short keys too, so that their order by length shows.
            let pairs = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in (text(&generator), json(&generator, depth: depth + 1)) }
            return .object(JSONObject(pairs))
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        if Bool.random(using: &generator) { return texts.randomElement(using: &generator) ?? "" }
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            let ranges: [ClosedRange<UInt32>] = [
                0x01...0x1f, 0x20...0x7e, 0x20...0x7e, 0x7f...0x7ff, 0x800...0xd7ff, 0xe000...0xffff, 0x10000...0x10ffff,
            ]
            let range = ranges[Int.random(in: ranges.indices, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) { text.append(scalar) }
        }
        return String(text)
    }

    private static func value(_ column: TableLayout.Column, _ generator: inout SeededGenerator) -> StoredValue {
        let isRequired = ["labels", "annotations", "role"].contains(column.name)
        if !isRequired, Int.random(in: 0..<6, using: &generator) == 0 { return .null }
        switch column.type {
        case .text: return .text(text(&generator))
        case .boolean: return .bool(.random(using: &generator))
        case .bigint:
            return .int(
                Bool.random(using: &generator)
                    ? .random(in: .min ... .max, using: &generator) : integers.randomElement(using: &generator) ?? 0)
        case .numeric:
            let exact = Decimal.text(nanoUnits: .random(in: .min ... .max, using: &generator))
            return .decimal(Bool.random(using: &generator) ? exact : decimals.randomElement(using: &generator) ?? "0")
        case .textArray: return .textArray((0..<Int.random(in: 0..<5, using: &generator)).map { _ in text(&generator) })
        case .jsonb: return .json(json(&generator))
        }
    }

    /// A row, and the values that it was made of.
    private struct Written {
        var row: StoredRow
        var key: [String]
        var values: [StoredValue]
    }

    /// Writes `rows` and reads them back: each must lie there byte for byte, and mean the same texts on both sides.
    private static func check(_ written: [Written], _ layout: TableLayout, _ database: TestDatabase) throws {
        let connection = database.owner
        var desired = try SmallOrganization().desired()
        let rows = written.map(\.row)
        desired.tables = [.init(layout: layout, blocks: rows.map(\.block))]
        for isEmptyNow in [true, false] {
            var plan = SyncPlan()
            plan.tables = [.init(layout: layout, isEmptyNow: isEmptyNow, writes: rows)]
            try connection.execute("DELETE FROM \(layout.qualifiedName)")
            try connection.transaction { try Applier(connection: connection, desired: desired).apply(plan) }
            var held: [ExactText: [UInt8]] = [:]
            try connection.copyOut(from: "governance.\(layout.table)", columns: RowImage.columns(layout)) { bytes in
                held[ExactText(ColumnExpressions.keyText(RowImage.texts(Array(bytes), layout).key))] = Array(bytes)
            }
            #expect(held.count == rows.count)
            for row in written {
                let bytes = try #require(held[ExactText(ColumnExpressions.keyText(row.key))], "no row \(row.key)")
                #expect(bytes.starts(with: row.row.withImage { Array($0) }), "\(layout.table) \(row.key)")
                #expect(bytes.withUnsafeBytes { RowImage.isUntouched($0, layout: layout) })
                let texts = RowImage.texts(bytes, layout)
                for (index, column) in layout.columns.enumerated() {
                    let (left, right) = (row.values[index].canonicalText, texts.values[index])
                    #expect(left.map(ExactText.init) == right.map(ExactText.init), "\(layout.table).\(column.name) of \(row.key)")
                }
            }
            #expect(try Planner(connection: connection, desired: desired).plan().isEmpty, "\(layout.table)")
        }
    }

    private static func row(_ layout: TableLayout, key: [String], _ value: (TableLayout.Column) -> StoredValue) -> Written {
        let values = layout.columns.map(value)
        let block = RowBlock.make(layout, key: key, values: values, path: "path with \"quotes\" and é.yaml")
        return Written(row: block.rows[0], key: key, values: values)
    }

    private static func sorted(_ rows: [Written]) -> [Written] {
        rows.sorted { a, b in
            for (left, right) in zip(a.key, b.key) where !left.utf8.elementsEqual(right.utf8) {
                return left.utf8.lexicographicallyPrecedes(right.utf8)
            }
            return false
        }
    }

    private static func layout(_ kind: Kind) throws -> TableLayout { try #require(TableLayout.all.first { $0.kind == kind }) }

    @Test func `every nasty text comes back as it was written, in a text column, a list and a key`() throws {
        let database = try TestDatabase()
        let layout = try Self.layout(.user)
        let rows = Self.texts.map { text in
            Self.row(layout, key: [text]) { column in
                switch column.type {
                case .text: .text(text)
                case .textArray: .textArray([text, "x", text])
                case .jsonb: .json(.object(["plain": .string(text), "list": [.string(text)]]))
                default: .null
                }
            }
        }
        try Self.check(Self.sorted(rows), layout, database)
    }

    @Test func `every nasty text comes back as a key of JSON, whatever its length`() throws {
        let database = try TestDatabase()
        let layout = try Self.layout(.user)
        let keys = Self.texts + ["b", "a", "aa", "ab", "B", "ä", "z", "zz", "𝒳", "é2", "€"]
        let object = JSONValue.object(JSONObject(keys.map { ($0, .string($0)) }))
        let deep = (0..<60).reduce(object) { value, level in
            level.isMultiple(of: 2) ? .array([value]) : .object(["level": value, "": .int(1)])
        }
        let rows = [("deep", deep), ("flat", object)].map { name, value in
            Self.row(layout, key: [name]) { $0.type == .jsonb ? .json(value) : .null }
        }
        try Self.check(rows, layout, database)
    }

    @Test func `numbers come back as they were written, however large or small`() throws {
        let database = try TestDatabase()
        let budgets = try Self.layout(.budget)
        let exact = Self.decimals.enumerated().map { index, text in
            Self.row(budgets, key: ["decimal-\(index)"]) { column in
                switch column.type {
                case .numeric: .decimal(text)
                case .jsonb: .json([.decimal(text), .object(["x": .decimal(text)])])
                default: .null
                }
            }
        }
        try Self.check(Self.sorted(exact), budgets, database)
        let models = try Self.layout(.model)
        let whole = Self.integers.enumerated().map { index, number in
            Self.row(models, key: ["integer-\(index)"]) { column in
                switch column.type {
                case .bigint: .int(number)
                case .jsonb: .json([.int(number)])
                default: .null
                }
            }
        }
        try Self.check(Self.sorted(whole), models, database)
    }

    @Test func `nothing, an empty list, an empty object and JSON's null are four different things`() throws {
        let database = try TestDatabase()
        let layout = try Self.layout(.user)
        let rows = ["absent", "empty", "null"].map { name in
            Self.row(layout, key: [name]) { column in
                switch (name, column.type, column.name) {
                case ("absent", .jsonb, "labels"), ("absent", .jsonb, "annotations"): .json([:])
                case ("empty", .textArray, _): .textArray([])
                case ("empty", .jsonb, _): .json([:])
                case ("empty", .text, _): .text("")
                case ("null", .jsonb, _): .json(.null)
                case ("null", .textArray, _): .textArray(["NULL"])
                default: .null
                }
            }
        }
        #expect(Set(rows.map { $0.values }).count == 3)
        try Self.check(rows, layout, database)
    }

    @Test func `random rows of every table come back byte for byte`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the random rows: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let database = try TestDatabase()
        for layout in TableLayout.all {
            var rows: [ExactText: Written] = [:]
            for _ in 0..<60 {
                let key = layout.keys.map { _ in Self.text(&generator) }
                rows[ExactText(ColumnExpressions.keyText(key))] = Self.row(layout, key: key) { Self.value($0, &generator) }
            }
            try Self.check(Self.sorted(Array(rows.values)), layout, database)
        }
    }

    @Test func `a number written by hand with other zeros means the same and is made the same`() throws {
        let database = try TestDatabase()
        let layout = try Self.layout(.budget)
        let rows = [Self.row(layout, key: ["monthly"]) { $0.type == .numeric ? .decimal("2.5") : $0.type == .jsonb ? .json([:]) : .null }]
        try Self.check(rows, layout, database)
        var desired = try SmallOrganization().desired()
        desired.tables = [.init(layout: layout, blocks: rows.map(\.row.block))]
        for text in ["2.5000", "'NaN'", "-2.5", "1e30", "0.00002500", "0", "-12345678.9"] {
            try database.owner.execute("UPDATE governance.budgets SET \"limit\" = \(text)")
            let actual = try #require(
                try database.owner.query("SELECT trim_scale(\"limit\")::text AS value FROM governance.budgets").first?["value"])
            let plan = try Planner(connection: database.owner, desired: desired).plan()
            #expect(plan.rowCount == 1)
            let field = try #require(plan.differences.first?.fields.first)
            if text == "2.5000" {
                #expect(field == .init(field: "source", expected: "unchanged", actual: "changed by hand"))
            } else {
                #expect(field == .init(field: "spec.limit", expected: "2.5", actual: actual))
            }
        }
    }
}
