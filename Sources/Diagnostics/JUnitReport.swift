/// Results as JUnit XML, which CI servers show.
public struct JUnitReport: Sendable {
    /// A test case; it has passed if it has no failure.
    public struct Case: Sendable {
        public var className: String
        public var name: String
        public var file: String
        public var line: Int?
        public var nanoseconds: Int64
        public var failure: Failure?
        /// What it said besides.
        public var output: String?

        public init(
            className: String, name: String, file: String, line: Int? = nil, nanoseconds: Int64 = 0, failure: Failure? = nil,
            output: String? = nil
        ) {
            self.className = className
            self.name = name
            self.file = file
            self.line = line
            self.nanoseconds = nanoseconds
            self.failure = failure
            self.output = output
        }
    }

    /// Readers show the first failure of a case: there is one.
    public struct Failure: Sendable {
        public var type: String
        public var message: String
        public var text: String

        public init(type: String, message: String, text: String) {
            self.type = type
            self.message = message
            self.text = text
        }
    }

    public struct Suite: Sendable {
        public var name: String
        public var cases: [Case]
        public var nanoseconds: Int64

        /// - Parameter nanoseconds: how long it took; that of its cases together by default.
        public init(_ name: String, _ cases: [Case], nanoseconds: Int64? = nil) {
            self.name = name
            self.cases = cases
            self.nanoseconds = nanoseconds ?? cases.reduce(0) { $0 + $1.nanoseconds }
        }

        fileprivate var failures: Int { cases.count { $0.failure != nil } }
    }

    private let name: String
    private let suites: [Suite]

    public init(_ name: String, _ suites: [Suite]) {
        self.name = name
        self.suites = suites
    }

    public var text: String {
        let (tests, failures) = (suites.reduce(0) { $0 + $1.cases.count }, suites.reduce(0) { $0 + $1.failures })
        let time = Self.seconds(suites.reduce(0) { $0 + $1.nanoseconds })
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuites name=\"\(XMLText.attribute(name))\" tests=\"\(tests)\" failures=\"\(failures)\" errors=\"0\" time=\"\(time)\">\n"
        for suite in suites {
            text += "  <testsuite name=\"\(XMLText.attribute(suite.name))\" tests=\"\(suite.cases.count)\" failures=\"\(suite.failures)\""
            text += " errors=\"0\" skipped=\"0\" time=\"\(Self.seconds(suite.nanoseconds))\">\n"
            for result in suite.cases { text += Self.text(result) }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private static func text(_ result: Case) -> String {
        var text = "    <testcase classname=\"\(XMLText.attribute(result.className))\" name=\"\(XMLText.attribute(result.name))\""
        text +=
            " file=\"\(XMLText.attribute(result.file))\"\(result.line.map { " line=\"\($0)\"" } ?? "") time=\"\(seconds(result.nanoseconds))\""
        if result.failure == nil, result.output == nil { return text + "/>\n" }
        text += ">\n"
        if let failure = result.failure {
            text += "      <failure type=\"\(XMLText.attribute(failure.type))\" message=\"\(XMLText.attribute(failure.message))\">"
            text += XMLText.content(failure.text) + "</failure>\n"
        }
        if let output = result.output { text += "      <system-out>\(XMLText.content(output))</system-out>\n" }
        return text + "    </testcase>\n"
    }

    /// With six digits behind the point, in any language.
    private static func seconds(_ nanoseconds: Int64) -> String {
        let millionths = String(max(0, nanoseconds) / 1_000 % 1_000_000)
        return "\(max(0, nanoseconds) / 1_000_000_000)." + String(repeating: "0", count: 6 - millionths.count) + millionths
    }
}

/// Text in XML 1.0.
enum XMLText {
    /// Between tags.
    static func content(_ text: String) -> String { escape(text, isAttribute: false) }

    /// Between double quotes; ends of lines are kept, which a reader would else make spaces of (XML 1.0 §3.3.3).
    static func attribute(_ text: String) -> String { escape(text, isAttribute: true) }

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
