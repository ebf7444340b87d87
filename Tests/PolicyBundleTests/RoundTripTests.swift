import CEL
import Testing

@testable import PolicyBundle

@Suite struct RoundTripTests {
    /// A bundle of these values, and the place of each.
    static func bundle(_ values: [CELValue]) throws -> (bundle: PolicyBundle, rows: [Int]) {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("acme"), .commit: writer.string("abc"), .currency: writer.string("")])
        let rows = values.map { Int(writer.value($0)) }
        return (try PolicyBundle(bytes: try writer.finish()), rows)
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

    @Test func `every record is found by the bytes of its name, and no other`() throws {
        let texts = (0..<500).map { "text-\($0)" } + ["", "é", "e\u{301}", "\0"]
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        let group = writer.append(.clss, words: [0, 0, 0, 0])
        for type in [0, SubjectColumn.serviceAccount] {
            for text in texts {
                writer.append(.subj, words: [writer.uniqueString(text), writer.string(""), type, group, 0, writer.string(""), 1])
            }
        }
        for (row, text) in texts.enumerated() { writer.identity("id:" + text, type: 1, subject: UInt32(row)) }
        for text in texts { writer.append(.actn, words: [writer.string(text)]) }
        let bundle = try PolicyBundle(bytes: try writer.finish())
        for (row, text) in texts.enumerated() {
            #expect(bundle.findSubject(text, isServiceAccount: false) == row)
            #expect(bundle.findSubject(text, isServiceAccount: true) == texts.count + row)
            #expect(bundle.findIdentity("id:" + text, isServiceAccount: true) == row)
            #expect(bundle.findIdentity("id:" + text, isServiceAccount: false) == nil)
            #expect(bundle.findAction(text) == row)
        }
        for text in ["text-500", "text", "text-1 ", "E\u{301}", "\0\0"] {
            #expect(bundle.findSubject(text, isServiceAccount: false) == nil && bundle.findAction(text) == nil)
        }
    }

    @Test func `a program is read as it was written`() throws {
        let environment = CELEnvironment(variables: [.init("x", .int), .init("y", .list(.string))])
        let program = try CELCompiler.compile(#"x > 3 && y.exists(e, e.startsWith("a"))"#, in: environment, expecting: .bool)
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        let row = Int(writer.program(program, slotCount: 2))
        let bundle = try PolicyBundle(bytes: try writer.finish())
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
        func bytes() throws -> [UInt8] {
            var writer = BundleWriter()
            writer.append(.meta, [MetaColumn.organization: writer.string("acme")])
            for value in Self.values { _ = writer.value(value) }
            for index in 0..<100 { writer.identity("identity-\(index * 37 % 100)", type: 0, subject: 0) }
            return try writer.finish()
        }
        let first = try bytes()
        for _ in 0..<10 { #expect(try bytes() == first) }
        #expect(first.count % 8 == 0)
    }

    @Test func `a record's source is a path and a place`() throws {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        let source = writer.source(path: "a.yaml", line: 7, column: 2)
        writer.append(.team, [TeamColumn.name: writer.string("t"), .parent: BundleFormat.none, .source: source])
        let bundle = try PolicyBundle(bytes: try writer.finish())
        #expect(bundle.source(bundle.index(.team, 0, TeamColumn.source)) == ("a.yaml", 7, 2))
    }

    @Test func `equal programs are stored once, and run where they lie`() throws {
        let environment = CELEnvironment(variables: [.init("x", .string)])
        let sources = [#"x == "red""#, #"x in ["green", "blue"]"#, #"x == "red""#, #"x.matches("^b")"#]
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        writer.slot(path: "x", type: "string")
        var rows: [UInt32] = []
        for source in sources { rows.append(writer.program(try CELCompiler.compile(source, in: environment), slotCount: 1)) }
        #expect(rows == [0, 1, 0, 2])
        let bundle = try PolicyBundle(bytes: try writer.finish())
        let activation = CELActivation(slotCount: 1, for: bundle.conditions)
        for (text, expected) in [("red", [0]), ("blue", [1, 2]), ("green", [1]), ("black", [2])] {
            activation.reset()
            activation[0] = activation.makeText(text)
            let holding = (0..<3).filter { row in if case .isTrue = bundle.conditions.evaluate(row, activation) { true } else { false } }
            #expect(holding == expected, "\(text)")
        }
    }
}
