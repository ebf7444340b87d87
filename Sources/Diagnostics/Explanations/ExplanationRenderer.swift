import JSON

/// Renders explanations for people.
public struct ExplanationRenderer: Sendable {
    /// Whether to colour with ANSI escape sequences.
    public var color: Bool

    public init(color: Bool) { self.color = color }

    public func render(_ code: DiagnosticCode) -> String {
        let explanation = code.explanation
        var text = paint("\(code.severity.name)[\(code.rawValue)]", HumanRenderer.tint(of: code.severity)) + paint(": \(code.title)", "1")
        text += "\n\n" + explanation.text + "\n\n"
        text += paint("Wrong:", "31") + "\n\n" + Self.shown(explanation.wrong) + "\n"
        text += paint("Right:", "32") + "\n\n" + Self.shown(explanation.right)
        return text
    }

    private static func shown(_ example: DiagnosticExplanation.Example) -> String {
        example.text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
    }

    private func paint(_ text: String, _ tint: String) -> String { color ? "\u{1b}[\(tint)m\(text)\u{1b}[0m" : text }
}

extension DiagnosticExplanation.Example {
    var text: String {
        switch self {
        case .documents(let text), .told(let text): text
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .documents(let text): ["documents": .string(text)]
        case .told(let text): ["told": .string(text)]
        }
    }
}

extension DiagnosticCode {
    /// `{code, severity, title, explanation, wrong, right, surroundings}`; an example is `{documents}`, in YAML, or `{told}`, in words.
    public var explanationJSON: JSONValue {
        [
            "code": .string(rawValue), "severity": .string(severity.name), "title": .string(title),
            "explanation": .string(explanation.text),
            "wrong": explanation.wrong.json, "right": explanation.right.json, "surroundings": .string(DiagnosticExplanation.surroundings),
        ]
    }
}
