import Diagnostics
import JSON
import Testing

@Suite struct RendererTests {
    private func render(_ line: String, column: Int, endLine: Int = 1, endColumn: Int, color: Bool = false) -> String {
        let span = SourceSpan(path: "a.yaml", line: 1, column: column, endLine: endLine, endColumn: endColumn)
        return HumanRenderer(color: color, sources: ["a.yaml": Array(line.utf8)]).render(Diagnostic(.wrongType, "wrong", at: span))
    }

    /// The source line and the carets below it.
    private func lines(_ text: String) -> (source: String, carets: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 4 else { return ("", "") }
        return (String(lines[3].dropFirst(6)), String(lines[4].dropFirst(6)))
    }

    @Test func `a finding is shown with its line and carets below the span`() {
        #expect(
            render("email: [x]\nmore", column: 8, endColumn: 11) == """
                error[CH1206]: wrong
                  --> a.yaml:1:8
                    |
                  1 | email: [x]
                    |        ^^^

                """)
    }

    @Test func `carets stand below what they mean, whatever its width`() {
        #expect(lines(render("é: x", column: 4, endColumn: 5)).carets == "   ^")
        #expect(lines(render("日本: x", column: 5, endColumn: 6)).carets == "      ^", "wide characters take two cells")
        #expect(lines(render("日本: x", column: 1, endColumn: 3)).carets == "^^^^")
        #expect(lines(render("e\u{301}: x", column: 5, endColumn: 6)).carets == "   ^", "a combining mark takes none")
        #expect(lines(render("\ta: x", column: 5, endColumn: 6)) == (" a: x", "    ^"), "a tab is shown as one space")
    }

    @Test func `a span over several lines is marked to the end of its first`() {
        #expect(lines(render("a: b\nc: d\n", column: 4, endLine: 2, endColumn: 5)).carets == "   ^")
        #expect(lines(render("abc: bcd\nc: d\n", column: 1, endLine: 2, endColumn: 5)).carets == "^^^^^^^^")
    }

    @Test func `a span beyond its line is shown at its end`() {
        #expect(lines(render("ab", column: 3, endColumn: 4)) == ("ab", "  ^"))
        #expect(lines(render("ab", column: 90, endColumn: 99)) == ("ab", "  ^"))
        #expect(lines(render("ab", column: 2, endColumn: 1)) == ("ab", " ^"))
        #expect(lines(render("ab\r\n", column: 1, endLine: 2, endColumn: 1)) == ("ab", "^^"), "a carriage return is part of the line's end")
    }

    @Test func `a wide line is cut around the span`() {
        let line = String(repeating: "x", count: 500) + "HERE" + String(repeating: "y", count: 500)
        let shown = lines(render(line, column: 501, endColumn: 505))
        #expect(shown.source.first == "…" && shown.source.last == "…" && shown.source.count <= 112)
        let caret = shown.carets.prefix { $0 == " " }.count
        #expect(shown.source.dropFirst(caret).hasPrefix("HEREy") && shown.carets.hasSuffix(" ^^^^"))
        #expect(lines(render(line, column: 1, endColumn: 1001)).carets.count == 110, "carets end where the line is cut")
        #expect(lines(render(line, column: 1004, endColumn: 1005)).source.hasSuffix("yy"))
    }

    @Test func `nothing in a file can write to the terminal`() {
        let span = SourceSpan(path: "a\u{1b}[2J.yaml", line: 1, column: 2, endLine: 1, endColumn: 3)
        let sources = ["a\u{1b}[2J.yaml": Array("x\u{1b}[31m\u{7}\u{9b}31m\u{202e}abc\r".utf8)]
        let diagnostic = Diagnostic(
            .unknownField, "`\u{1b}]0;x\u{7}\nnext\u{2066}`", at: span, related: [.init(span: span, message: "\u{8}")], help: "\u{1b}c")
        for text in [HumanRenderer(color: false, sources: sources).render(diagnostic), JSONWriter.text(diagnostic.json)] {
            for scalar in text.unicodeScalars where scalar != "\n" {
                #expect(!(scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) || scalar.value == 0x202e || scalar.value == 0x2066))
            }
        }
        #expect(diagnostic.message == "`\u{fffd}]0;x\u{fffd} next\u{fffd}`")
    }

    @Test func `a credential is not shown, nor any line of a private key`() {
        let text =
            "a: sk-ant-0123456789012345678\nb: -----BEGIN PRIVATE KEY-----\n  MIIEvQIBADANBg\n  -----END PRIVATE KEY-----\nc: shown\n"
        func shows(_ line: Int) -> String {
            let span = SourceSpan(path: "a.yaml", line: line, column: 2, endLine: line, endColumn: 3)
            return HumanRenderer(color: false, sources: ["a.yaml": Array(text.utf8)]).render(Diagnostic(.wrongType, "wrong", at: span))
        }
        for line in 1...4 { #expect(shows(line).contains("(a line with a credential, not shown)")) }
        #expect(!shows(3).contains("MIIE") && shows(5).contains("c: shown"))
        let diagnostic = Diagnostic(
            .wrongType, "found sk-ant-0123456789012345678", at: SourceSpan(startOf: "a"), help: "postgres://u:hunter2@h")
        #expect(diagnostic.message == "found [secret]" && diagnostic.help == "postgres://u:[secret]@h")
    }

    @Test func `a finding about a whole file, or about one whose text is not known, has no snippet`() {
        let sources = ["a.yaml": Array("x".utf8)]
        #expect(
            HumanRenderer(color: false, sources: sources).render(Diagnostic(.fileTooLarge, "large", at: SourceSpan(startOf: "a.yaml")))
                == "error[CH1001]: large\n  --> a.yaml\n")
        let span = SourceSpan(path: "b.yaml", line: 3, column: 1, endLine: 3, endColumn: 2)
        let diagnostic = Diagnostic(.duplicateName, "twice", at: span, related: [.init(span: span, message: "first here")])
        #expect(
            HumanRenderer(color: false, sources: sources).render(diagnostic)
                == "error[CH1301]: twice\n  --> b.yaml:3:1\n  --> b.yaml:3:1: first here\n")
        let beyond = SourceSpan(path: "a.yaml", line: 9, column: 1, endLine: 9, endColumn: 2)
        #expect(
            HumanRenderer(color: false, sources: sources).render(Diagnostic(.wrongType, "x", at: beyond))
                == "error[CH1206]: x\n  --> a.yaml:9:1\n")
    }

    @Test func `colours are put around, and nothing else changes`() {
        let plain = render("email: [x]", column: 8, endColumn: 11)
        let colored = render("email: [x]", column: 8, endColumn: 11, color: true)
        #expect(colored != plain)
        let stripped = colored.split(separator: "\u{1b}", omittingEmptySubsequences: false).enumerated()
            .map { $0 == 0 ? String($1) : String($1.drop { $0 != "m" }.dropFirst()) }.joined()
        #expect(stripped == plain)
    }

    @Test(.timeLimit(.minutes(20))) func `many findings in one large file are rendered in reasonable time`() {
        let text = Array(String(repeating: "abc: def\n", count: 20_000).utf8)
        let diagnostics = (1...5000).map {
            Diagnostic(.wrongType, "wrong", at: SourceSpan(path: "a.yaml", line: $0 * 4, column: 1, endLine: $0 * 4, endColumn: 4))
        }
        #expect(HumanRenderer(color: false, sources: ["a.yaml": text]).render(diagnostics).utf8.count > 100_000)
    }

    @Test func `codes are unique, and each has words and a severity`() {
        #expect(Set(DiagnosticCode.allCases.map(\.title)).count == DiagnosticCode.allCases.count)
        for code in DiagnosticCode.allCases {
            #expect(code.rawValue.hasPrefix("CH1") && code.rawValue.utf8.count == 6)
            #expect(!code.title.isEmpty)
        }
    }

    @Test func `findings are put in reading order, whatever theirs was`() {
        func at(_ path: String, _ line: Int, _ code: DiagnosticCode = .wrongType) -> Diagnostic {
            Diagnostic(code, "x", at: SourceSpan(path: path, line: line, column: 1, endLine: line, endColumn: 2))
        }
        let ordered = [at("a", 1), at("a", 2, .unknownField), at("a", 2, .missingField), at("a", 10), at("b", 1)]
        #expect(ordered.shuffled().inReadingOrder() == ordered)
        #expect(ordered.hasErrors && ordered.count(of: .error) == 5 && ordered.count(of: .note) == 0)
    }
}
