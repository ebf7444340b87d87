import Testing
import YAML

@Suite struct YAMLParserTests {
    private func parse(_ text: String, _ limits: YAMLLimits = YAMLLimits()) -> (documents: [YAMLNode], errors: [YAMLError]) {
        YAMLParser.parse(Array(text.utf8), limits: limits)
    }

    private func entries(_ text: String) throws -> [YAMLNode.Entry] {
        let result = parse(text)
        #expect(result.errors.isEmpty)
        guard case .mapping(let entries) = try #require(result.documents.first).content else { throw Unexpected() }
        return entries
    }

    private struct Unexpected: Error {}

    static let scalars: [(text: String, type: YAMLScalarType)] = [
        ("", .null), ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null), ("nULL", .string), ("true", .bool), ("False", .bool),
        ("yes", .string),
        ("no", .string), ("on", .string), ("0", .int), ("-1", .int), ("+1", .int), ("007", .int), ("0x1F", .int), ("0o17", .int),
        ("0o8", .string),
        ("0x", .string), ("-0x1F", .string), ("0b1", .string), ("1_000", .string), ("1.5", .float), ("1.", .float), (".5", .float),
        ("-.5", .float),
        ("1e3", .float), ("1e", .string), ("1e+", .string), ("e3", .string), (".", .string), ("-", .string), ("+", .string),
        ("-.", .string), (".inf", .float),
        ("-.INF", .float), ("+.Inf", .float), (".nan", .float), ("inf", .string), ("1.2.3", .string), ("2026-01-31", .string),
        ("12:30", .string),
        ("1 ", .string), ("abc", .string), ("=", .string), ("<<", .string),
    ]

    @Test(arguments: scalars) func `a plain scalar is read by the core schema`(_ text: String, _ type: YAMLScalarType) {
        #expect(YAMLScalarType(text, isPlain: true) == type)
        #expect(YAMLScalarType(text, isPlain: false) == .string, "quotes make text of everything")
    }

    @Test func `a node knows where it stands, in scalars`() throws {
        let found = try entries("é: {日本: \"x\",\n  list: [a, 'bc']}\nlast: |\n  one\n  two\n")
        #expect(found[0].keyRange == YAMLRange(line: 1, column: 1, endLine: 1, endColumn: 2))
        #expect(found[0].value.range == YAMLRange(line: 1, column: 4, endLine: 2, endColumn: 19))
        guard case .mapping(let inner) = found[0].value.content, case .sequence(let items) = inner[1].value.content else {
            throw Unexpected()
        }
        #expect(inner[0].value.range == YAMLRange(line: 1, column: 9, endLine: 1, endColumn: 12))
        #expect(items[1].range == YAMLRange(line: 2, column: 13, endLine: 2, endColumn: 17))
        guard case .scalar(let text, let isPlain) = found[1].value.content else { throw Unexpected() }
        #expect(text == "one\ntwo\n" && !isPlain)
        #expect(found[1].value.range.line == 3 && found[1].value.range.column == 7)
    }

    static let blocks: [(text: String, indentation: Int?)] = [
        ("a: |\n  b\n", 2), ("a: |-\n      b\n     \n", 6), ("a:\n  b: |+\n    c\n    d\n\n", 4), ("- |1\n   b\n", 1), ("|\n  é\n", 2),
        ("a: |\n\n  b\n", nil),
        ("a: |\n", nil), ("a: |", nil), ("a: >\n  b\n", nil), ("a: b\n", nil), ("a: 'b\n  c'\n", nil), ("a: | # note\n  b\n", 2),
    ]

    @Test(arguments: blocks) func `a literal block knows its indentation`(_ text: String, _ indentation: Int?) throws {
        func find(_ node: YAMLNode) -> Int? {
            switch node.content {
            case .scalar: node.textIndentation
            case .sequence(let items): items.lazy.compactMap(find).first
            case .mapping(let entries): entries.lazy.compactMap { find($0.value) }.first
            }
        }
        #expect(parse(text).errors.isEmpty)
        #expect(parse(text).documents.first.flatMap(find) == indentation)
    }

    @Test func `documents are separated, and empty ones are left out`() {
        let result = parse("# nothing\n---\n---\na: 1\n...\n---\n# nothing\n---\n- b\n--- ''\n")
        #expect(result.errors.isEmpty && result.documents.count == 3)
        #expect(parse("").documents.isEmpty && parse("").errors.isEmpty)
        #expect(parse("\u{feff}a: 1").errors.isEmpty, "a byte order mark is allowed")
    }

    @Test func `an alias stands for what was anchored before it, at its own place`() throws {
        let found = try entries("a: &x [1, 2]\nb: *x\n")
        guard case .sequence(let items) = found[1].value.content else { throw Unexpected() }
        #expect(items.count == 2 && found[1].value.range.line == 2)
        #expect(parse("a: *x\n---\nb: &x 1\n").errors.map(\.kind) == [.unknownAlias])
        #expect(parse("a: &x 1\n---\nb: *x\n").errors.map(\.kind) == [.unknownAlias], "an anchor ends with its document")
        #expect(parse("a: &x [*x]\n").errors.map(\.kind) == [.unknownAlias], "nothing can hold itself")
    }

    static let errors: [(text: String, kinds: [YAMLError.Kind], line: Int32, column: Int32)] = [
        ("a: [1, 2\nb: 3\n", [.syntax], 2, 2), ("a: \"x\n", [.syntax], 1, 4), ("\ta: 1\n", [.syntax], 1, 1), ("a: b: c\n", [.syntax], 1, 5),
        ("a: 1\n b: 2\n", [.syntax], 2, 3), ("a: @x\n", [.syntax], 1, 4), ("a: 1\na: 2\n", [.duplicateKey], 2, 1),
        ("? [a]\n: 1\n", [.keyNotScalar], 1, 3),
        ("a: !!binary aGk=\n", [.unsupportedTag], 1, 4), ("a: !local x\n", [.unsupportedTag], 1, 4), ("a: \u{1}\n", [.syntax], 1, 1),
        ("a: *\n", [.syntax], 1, 4), ("{a: 1, a: 2, b: 1, b: 2}\n", [.duplicateKey, .duplicateKey], 1, 8),
        ("%YAML 3.0\n---\na: 1\n", [.syntax], 1, 1),
    ]

    @Test(arguments: errors) func `an error has a kind and a place`(
        _ text: String, _ kinds: [YAMLError.Kind], _ line: Int32, _ column: Int32
    ) throws {
        let found = parse(text).errors
        #expect(found.map(\.kind) == kinds)
        let first = try #require(found.first)
        #expect((first.range.line, first.range.column) == (line, column), "\(first)")
        #expect(!first.message.contains("\n"))
    }

    @Test func `documents before a syntax error are still read`() {
        let result = parse("a: 1\n---\nb: [\n")
        #expect(result.documents.count == 1 && result.errors.count == 1)
    }

    static let notUTF8: [(bytes: [UInt8], line: Int32, column: Int32)] = [
        ([0xff], 1, 1), (Array("a: é".utf8) + [0xc3, 0x28], 1, 5), (Array("a: 1\nb: ".utf8) + [0xe9], 2, 4),
        ([0xff, 0xfe, 0x61, 0x00], 1, 1),
    ]

    @Test(arguments: notUTF8) func `bytes that are not UTF-8 are refused with their place`(_ bytes: [UInt8], _ line: Int32, _ column: Int32)
        throws
    {
        let error = try #require(YAMLParser.parse(bytes).errors.first)
        #expect(error.kind == .notUTF8 && error.range.line == line && error.range.column == column)
    }

    // MARK: Hostile input

    @Test(.timeLimit(.minutes(20)), arguments: ["[", "{a: ", "- ", "? "]) func `deep nesting is refused at once`(_ opening: String) {
        let result = parse(String(repeating: opening, count: 100_000))
        #expect(result.documents.isEmpty && result.errors.first?.kind == .depth)
    }

    @Test func `nesting up to the limit is read`() {
        #expect(parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)).errors.isEmpty)
        #expect(parse(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)).errors.map(\.kind) == [.depth])
    }

    @Test(.timeLimit(.minutes(20))) func `a mapping of four hundred thousand keys is read in reasonable time`() throws {
        let text = (0..<400_000).map { "k\($0): 1\n" }.joined()
        #expect(try entries(text).count == 400_000)
    }

    @Test func `values, aliases and long scalars are counted`() {
        var limits = YAMLLimits()
        limits.nodes = 10
        #expect(parse("[1,2,3,4,5,6,7,8,9]", limits).errors.isEmpty)
        #expect(parse("[1,2,3,4,5,6,7,8,9,10]", limits).errors.map(\.kind) == [.nodes])
        limits = YAMLLimits()
        limits.scalarBytes = 5
        #expect(parse("[abcde, abcdef]", limits).errors.map(\.kind) == [.nodes])
        limits = YAMLLimits()
        limits.aliasExpansion = 5
        #expect(parse("[&a [1, 2], *a]", limits).errors.isEmpty)
        #expect(parse("[&a [1, 2], *a, *a]", limits).errors.map(\.kind) == [.aliasExpansion])
    }

    @Test func `mutated texts never trap`() {
        let text = Array("a: &x [1, 'b', \"c\\n\"]\nd: {e: *x, f: !!str g}\n--- |\n  text\n".utf8)
        var state: UInt64 = 9
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0...random(3) { bytes[random(bytes.count)] = UInt8(random(256)) }
            let result = YAMLParser.parse(bytes)
            for error in result.errors { #expect(error.range.line >= 1 && error.range.column >= 1) }
        }
    }
}
