import CEL
import Testing

/// Where a value may be put into an expression. Places are marked by `@`, as many as there are.
@Suite struct SourceTests {
    static let cases: [(source: String, sites: [CELSource.Site]?)] = [
        ("@@", [.operand]), ("a == @@ && @ > 1", [.operand, .operand]), ("f(@,@)", [.operand, .operand]), ("-@", [.operand]),
        ("@.size()", [.operand]), ("[@][0]", [.operand]), ("'a@'", [.text]), ("\"@\" + '''@'''", [.text, .text]), ("\"\\\"@\"", [.text]),
        ("1 // @ '", [.comment]), ("1 // ' \n + @", [.operand]), ("'//' + @", [.operand]), ("'@//@' // @", [.text, .text, .comment]),
        ("r'@'", [.other]), ("R\"\"\"@\"\"\"", [.other]), ("b'@'", [.other]), ("br'@'", [.other]), ("a.@", [.other]), ("a@", [.other]),
        ("@a", [.other]), ("''@", [.other]), ("@''", [.other]), ("a.`@`", [.other]), ("'@", nil), ("1@", nil), ("$ @", nil),
        ("a ? @:@", [.operand, .operand]), ("@@ @", [.operand, .operand]),
    ]

    @Test(arguments: cases) func `a place is what the lexer takes it for`(_ source: String, _ sites: [CELSource.Site]?) {
        var ranges: [Range<Int>] = []
        for (place, byte) in source.utf8.enumerated() where byte == UInt8(ascii: "@") {
            // Marks side by side are one place.
            if let last = ranges.last, last.upperBound == place {
                ranges[ranges.count - 1] = last.lowerBound..<place + 1
            } else {
                ranges.append(place..<place + 1)
            }
        }
        #expect(CELSource.sites(of: ranges, in: source) == sites)
    }

    @Test func `a quoted text is that text, between any quotes`() throws {
        let texts = [
            "", "a", "\"", "'", "\\", "\n\r\t", "\u{0}\u{1}\u{7f}", "é e\u{301} \u{1F469}\u{200D}\u{1F4BB}", "'''\"\"\"", "${x}", "\\n",
        ]
        for text in texts {
            let inside = CELSource.escaped(text)
            for source in [CELSource.quoted(text), "'\(inside)'", "\"\"\"\(inside)\"\"\"", "'''\(inside)'''"] {
                let program = try CELCompiler.compile("\(source) + \"\"", in: CELEnvironment(variables: []))
                #expect(
                    program.constants.contains { if case .string(let found) = $0 { found.utf8.elementsEqual(text.utf8) } else { false } })
            }
        }
    }
}
