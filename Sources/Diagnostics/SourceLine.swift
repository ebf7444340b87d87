/// A part of a line that fits a terminal and holds the start of a span, with the place of the carets below it.
struct SourceLine {
    var text: String
    /// Terminal cells before the first caret, and under how many cells there are carets.
    var indent: Int
    var width: Int

    /// What stands in place of a line with a credential.
    static let hidden = SourceLine(text: "(a line with a credential, not shown)", indent: 0, width: 1)

    /// The most scalars of a line that are shown.
    private static let limit = 110

    private init(text: String, indent: Int, width: Int) {
        self.text = text
        self.indent = indent
        self.width = width
    }

    init(_ line: String, around span: SourceSpan) {
        let scalars = line.unicodeScalars.map(Self.visible)
        let start = min(max(0, span.column - 1), scalars.count)
        let end = span.endLine == span.line ? min(max(0, span.endColumn - 1), scalars.count) : scalars.count
        let from = start > Self.limit - 30 ? start - 40 : 0
        let to = min(scalars.count, from + Self.limit)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[from..<to])
        text = (from > 0 ? "…" : "") + String(view) + (to < scalars.count ? "…" : "")
        indent = (from > 0 ? 1 : 0) + Self.cells(scalars[from..<start])
        width = max(1, Self.cells(scalars[start..<max(start, min(end, to))]))
    }

    /// `text` without anything that could write elsewhere in a terminal than where it stands.
    static func printable(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text.unicodeScalars.map(visible))
        return String(view)
    }

    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x09, 0x0a: " "
        // Control characters, and those that change the direction of what follows.
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: "\u{fffd}"
        default: scalar
        }
    }

    /// Cells of a terminal: none for combining marks, two for East Asian wide characters and emoji.
    private static func cells(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        scalars.reduce(0) { sum, scalar in
            if scalar.isASCII { return sum + 1 }
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: return sum
            default: break
            }
            switch scalar.value {
            case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
                0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
                return sum + 2
            default: return sum + 1
            }
        }
    }
}
