import CEL
import Testing

@testable import PolicyBundle

@Suite struct RoundTripTests {
    /// A bundle of these values, and the place of each.
    static func bundle(_ values: [CELValue]) throws -> (bundle: PolicyBundle, rows: [Int]) {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("acme"), .commit: writer.string("abc"), .currency: writer.string("")])
        let rows = values.map { Int(writer.value($0)) }
        return (try PolicyBundle(bytes: writer.finish()), rows)
    }

    static let values: [CELValue] = [
        .null, .bool(true), .bool(false), .int(.min), .int(.max), .int(-1), .uint(.max), .double(1.5), .double(-0.0), .double(.infinity),
        .string(""),
        .string("日本 é e\u{301} \0"), .bytes([0, 255]), .bytes([]), .list([]), .list([.int(1), .string("a"), .list([.null])]),
        .map(CELMap()),
        .map(CELMap([("a", .int(1)), ("b", .map(CELMap([("c", .list([.bool(true)]))])))])), .duration(CELDuration(nanoseconds: -5)),
        .type("int"),
        CELTimestamp(seconds: -62_135_596_800).map { .timestamp($0) } ?? .null,
        CELTimestamp(seconds: 253_402_300_799, nanoseconds: 999_999_999).map { .timestamp($0) } ?? .null,
    ]

    @Test func `every value is read as it was written`() throws {
        let (bundle, rows) = try Self.bundle(Self.values)
        for (value, row) in zip(Self.values, rows) {
            #expect(bundle.value(row).description == value.description)
            #expect(bundle.value(row).typeName == value.typeName)
        }
    }

    @Test func `not a number stays what it is`() throws {
        let (bundle, rows) = try Self.bundle([.double(.nan)])
        guard case .double(let number) = bundle.value(rows[0]) else { throw BundleError(.damaged, "no double") }
        #expect(number.isNaN)
    }

    @Test func `equal scalars are stored once`() throws {
        let (bundle, rows) = try Self.bundle([.int(5), .string("a"), .int(5), .string("a"), .uint(5), .bool(true), .int(1)])
        #expect(rows[0] == rows[2] && rows[1] == rows[3])
        #expect(bundle.count(.valu) == 5)
    }

    @Test func `every string is found by its bytes, and no other`() throws {
        let texts = (0..<500).map { "text-\($0)" } + ["", "é", "e\u{301}", "\0"]
        let (bundle, _) = try Self.bundle(texts.map { .string($0) })
        for text in texts {
            let index = try #require(bundle.find(text))
            #expect(bundle.string(index).utf8.elementsEqual(text.utf8))
        }
        for text in ["text-500", "text", "text-1 ", "E\u{301}", "\0\0"] { #expect(bundle.find(text) == nil) }
        for index in 1..<bundle.count(.strx) - 1 {
            #expect(bundle.string(index - 1).utf8.lexicographicallyPrecedes(bundle.string(index).utf8), "strings are sorted by their bytes")
        }
    }

    @Test func `a program is read as it was written`() throws {
        let environment = CELEnvironment(variables: [.init("x", .int), .init("y", .list(.string))])
        let program = try CELCompiler.compile(#"x > 3 && y.exists(e, e.startsWith("a"))"#, in: environment, expecting: .bool)
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        let row = Int(writer.program(program, slotCount: 2))
        let bundle = try PolicyBundle(bytes: writer.finish())
        let read = bundle.program(row)
        #expect(read.words == program.words && read.registerCount == program.registerCount && read.slotsRead == program.slotsRead)
        #expect(read.constants.map(\.description) == program.constants.map(\.description))
        try CELVerifier.verify(read, slotCount: 2)
        for (slots, expected) in [
            ([CELValue.int(4), .list([.string("ab")])], true), ([.int(4), .list([])], false), ([.int(1), .list([.string("a")])], false),
        ] {
            guard case .bool(expected) = CELMachine.evaluate(read, slots: slots) else {
                Issue.record("\(slots) should give \(expected)")
                continue
            }
        }
    }

    @Test func `the same calls give the same bytes`() throws {
        func bytes() -> [UInt8] {
            var writer = BundleWriter()
            writer.append(.meta, [MetaColumn.organization: writer.string("acme")])
            for value in Self.values { _ = writer.value(value) }
            for index in 0..<100 { writer.identity("identity-\(index * 37 % 100)", type: 0, subject: 0) }
            return writer.finish()
        }
        let first = bytes()
        for _ in 0..<10 { #expect(bytes() == first) }
        #expect(first.count % 8 == 0)
    }

    @Test func `records are found by their sorted key`() throws {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        let source = writer.source(path: "a.yaml", line: 7, column: 2)
        let names = ["a", "b", "d", "e"]
        for name in names { writer.append(.team, [TeamColumn.name: writer.string(name), .parent: BundleFormat.none, .source: source]) }
        _ = writer.string("c")
        let bundle = try PolicyBundle(bytes: writer.finish())
        for (row, name) in names.enumerated() {
            #expect(bundle.find(name).flatMap { bundle.search(.team, UInt32($0), column: TeamColumn.name) } == row)
        }
        #expect(bundle.find("c").flatMap { bundle.search(.team, UInt32($0), column: TeamColumn.name) } == nil)
        #expect(bundle.source(bundle.index(.team, 0, TeamColumn.source)) == ("a.yaml", 7, 2))
    }
}
