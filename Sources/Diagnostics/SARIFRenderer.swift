import Digest
import JSON

/// Renders diagnostics as SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS), which code scanning takes.
public struct SARIFRenderer: Sendable {
    /// The program's version, as the tool's.
    public var version: String
    /// The text of the files that spans point into, by path. What stands there makes the fingerprints.
    public var sources: [String: [UInt8]]
    /// As many results are written, the worst first; what is left out is told. GitHub takes no more of a run.
    public var limit = 25_000

    public init(version: String, sources: [String: [UInt8]]) {
        self.version = version
        self.sources = sources
    }

    /// A whole log with one run.
    public func render(_ diagnostics: [Diagnostic]) -> JSONValue {
        let shown = diagnostics.worstFirst().prefix(limit)
        let codes = DiagnosticCode.allCases.filter { code in shown.contains { $0.code == code } }
        var places: [DiagnosticCode: Int] = [:]
        for (place, code) in codes.enumerated() { places[code] = place }
        var fingerprints = FindingFingerprints(sources)
        var invocation: JSONObject = ["executionSuccessful": true]
        if shown.count < diagnostics.count {
            let text = "\(diagnostics.count - shown.count) of \(diagnostics.count) findings are left out"
            invocation["toolExecutionNotifications"] = [["level": "warning", "message": ["text": .string(text)]]]
        }
        let driver: JSONValue = [
            "name": "charter", "semanticVersion": .string(version), "rules": .array(codes.map(Self.rule)),
        ]
        let results = shown.map { result($0, places, fingerprint: fingerprints.next($0)) }
        // §3.14.17: columns are counted in Unicode scalars.
        let run: JSONValue = [
            "tool": ["driver": driver], "columnKind": "unicodeCodePoints", "invocations": [.object(invocation)], "results": .array(results),
        ]
        return [
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0", "runs": [run],
        ]
    }

    private static func rule(_ code: DiagnosticCode) -> JSONValue {
        [
            "id": .string(code.rawValue), "name": .string("\(code)"), "shortDescription": ["text": .string(code.title)],
            "fullDescription": ["text": .string(code.explanation.text)],
            "help": ["text": .string("Run `charter explain \(code.rawValue)`.\n\n" + code.explanation.text)],
            "defaultConfiguration": ["level": .string(code.severity.name)],
        ]
    }

    private func result(_ diagnostic: Diagnostic, _ places: [DiagnosticCode: Int], fingerprint: String) -> JSONValue {
        let text = diagnostic.message + (diagnostic.help.map { "\nhelp: \($0)" } ?? "")
        var object: JSONObject = [
            "ruleId": .string(diagnostic.code.rawValue), "ruleIndex": .int(Int64(places[diagnostic.code] ?? 0)),
            "level": .string(diagnostic.severity.name), "message": ["text": .string(text)],
            "locations": [["physicalLocation": Self.place(diagnostic.span)]],
            "partialFingerprints": ["charterFinding/v1": .string(fingerprint)],
        ]
        if !diagnostic.related.isEmpty {
            let related: [JSONValue] = diagnostic.related.enumerated().map { number, related in
                [
                    "id": .int(Int64(number)), "physicalLocation": Self.place(related.span), "message": ["text": .string(related.message)],
                ]
            }
            object["relatedLocations"] = .array(related)
        }
        return .object(object)
    }

    private static func place(_ span: SourceSpan) -> JSONValue {
        // §3.4.3: a URI reference, relative to the root of the repository.
        var object: JSONObject = ["artifactLocation": ["uri": .string(uri(span.path)), "uriBaseId": "%SRCROOT%"]]
        if span != SourceSpan(startOf: span.path) {
            object["region"] = [
                "startLine": .int(Int64(span.line)), "startColumn": .int(Int64(span.column)), "endLine": .int(Int64(span.endLine)),
                "endColumn": .int(Int64(span.endColumn)),
            ]
        }
        return .object(object)
    }

    /// A path as a URI reference (RFC 3986 §3.3): what may not stand in a segment is percent-encoded, so is a `:`, which would make a scheme.
    static func uri(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: "+"),
                UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: ","):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += byte < 16 ? "%0" : "%"
                text += String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}

/// What tells findings apart from run to run: made of what is written, not of where, so that lines added above change nothing.
struct FindingFingerprints {
    private let sources: [String: [UInt8]]
    private var texts: [String: SourceText] = [:]
    /// How often each was seen: the same mistake twice is two findings.
    private var seen: [String: Int] = [:]

    init(_ sources: [String: [UInt8]]) { self.sources = sources }

    /// The fingerprint of a finding, for each in the order in which they are told: 32 hexadecimal digits.
    mutating func next(_ diagnostic: Diagnostic) -> String {
        let written = line(of: diagnostic.span).map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
        let content = [diagnostic.code.rawValue, diagnostic.span.path, diagnostic.message, written].joined(separator: "\u{0}")
        let number = seen[content, default: 0]
        seen[content] = number + 1
        let digest = SHA256Digest(of: Array("\(content)\u{0}\(number)".utf8))
        return String(digest.description.prefix(32))
    }

    private mutating func line(of span: SourceSpan) -> String? {
        guard let bytes = sources[span.path] else { return nil }
        let text = texts[span.path] ?? SourceText(bytes)
        texts[span.path] = text
        // Not even the digest of a credential is told.
        return text.isSecret(span.line) ? nil : text.line(span.line)
    }
}
