/// Renders diagnostics as JUnit XML: each file is a test case, which its errors have failed.
public struct JUnitRenderer: Sendable {
    private var human: HumanRenderer
    /// Findings at least this bad fail a case; others are its output.
    private let failsOn: Severity

    public init(sources: [String: [UInt8]], failsOn: Severity) {
        human = HumanRenderer(color: false, sources: sources)
        self.failsOn = failsOn
    }

    /// - Parameters:
    ///   - files: all that were checked; those with findings are added.
    ///   - seconds: how long the check took.
    public func render(_ diagnostics: [Diagnostic], files: [String], seconds: Double) -> String {
        let byFile = Dictionary(grouping: diagnostics.inReadingOrder(), by: \.span.path)
        let paths = Set(files).union(byFile.keys).sorted()
        let failed = byFile.values.count { $0.contains { $0.severity >= failsOn } }
        let time = Self.decimal(seconds)
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"charter\" tests=\"\(paths.count)\" failures=\"\(failed)\" errors=\"0\" time=\"\(time)\">\n"
        text +=
            "  <testsuite name=\"charter validate\" tests=\"\(paths.count)\" failures=\"\(failed)\" errors=\"0\" skipped=\"0\" time=\"\(time)\">\n"
        for path in paths { text += testCase(path, byFile[path] ?? []) }
        return text + "  </testsuite>\n</testsuites>\n"
    }

    private func testCase(_ path: String, _ findings: [Diagnostic]) -> String {
        let head =
            "    <testcase classname=\"documents\" name=\"\(XMLText.attribute(path))\" file=\"\(XMLText.attribute(path))\" time=\"0\""
        if findings.isEmpty { return head + "/>\n" }
        let failures = findings.filter { $0.severity >= failsOn }
        let others = findings.filter { $0.severity < failsOn }
        var text = head + ">\n"
        if let first = failures.first {
            // Readers show the first failure of a case: one that holds all.
            let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
            let message = "\(first.code.rawValue): \(first.message)\(more)"
            text += "      <failure type=\"\(first.code.rawValue)\" message=\"\(XMLText.attribute(message))\">"
            text += XMLText.content(human.render(failures)) + "</failure>\n"
        }
        if !others.isEmpty { text += "      <system-out>\(XMLText.content(human.render(others)))</system-out>\n" }
        return text + "    </testcase>\n"
    }

    /// Seconds with three digits behind the point, in any language.
    private static func decimal(_ seconds: Double) -> String {
        let thousandths = Int((max(0, seconds) * 1_000).rounded())
        let rest = String(thousandths % 1_000)
        return "\(thousandths / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

/// Text in XML 1.0.
public enum XMLText {
    /// Between tags.
    public static func content(_ text: String) -> String { escape(text, isAttribute: false) }

    /// Between double quotes; ends of lines are kept, which a reader would else make spaces of (XML 1.0 §3.3.3).
    public static func attribute(_ text: String) -> String { escape(text, isAttribute: true) }

    private static func escape(_ text: String, isAttribute: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"" where isAttribute: escaped += "&quot;"
            case "\n" where isAttribute, "\t" where isAttribute, "\r": escaped += "&#\(scalar.value);"
            // §2.2: what is no character of XML cannot be written in any way.
            case "\u{0}"..."\u{8}", "\u{b}", "\u{c}", "\u{e}"..."\u{1f}", "\u{fffe}", "\u{ffff}": escaped += "\u{fffd}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
