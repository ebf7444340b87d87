import Diagnostics
import GovernanceModel
import PolicyCompiler
import Testing

/// What `charter explain` shows is what happens.
@Suite struct ExplanationTests {
    /// What is found in the example, with the documents around it that it does not replace.
    private static func findings(_ text: String) -> [Diagnostic] {
        let example = DocumentReader.read(Array(text.utf8), path: "example.yaml")
        let declared = Set(example.documents.map { "\($0.kind) \($0.plainName)" })
        let around = DiagnosticExplanation.surroundings.split(separator: "\n---\n").enumerated().map { number, part in
            DocumentReader.read(Array(part.utf8), path: "around-\(number).yaml")
        }
        let files = around.filter { file in !file.documents.contains { declared.contains("\($0.kind) \($0.plainName)") } } + [example]
        let linked = Governance.link(files)
        let compiled = PolicyCompiler.compile(
            linked.governance, origin: nil, isLinked: !linked.diagnostics.hasErrors, now: BrokenRepositoryTests.now)
        return linked.diagnostics + compiled.diagnostics
    }

    @Test func `the surroundings are in order`() {
        #expect(Self.findings("") == [])
    }

    @Test(arguments: DiagnosticCode.allCases) func `the wrong example is told with its code, the right one is not`(_ code: DiagnosticCode)
        throws
    {
        let explanation = code.explanation
        if case .documents(let text) = explanation.wrong {
            let found = Self.findings(text)
            #expect(found.contains { $0.code == code && $0.severity == code.severity }, "\(found)")
            // An example that has other mistakes too would not teach which is meant.
            #expect(found.allSatisfy { $0.code == code || $0.severity == .note }, "\(found)")
        }
        if case .documents(let text) = explanation.right {
            let found = Self.findings(text)
            #expect(!found.contains { $0.code == code || $0.severity != .note }, "\(found)")
        }
    }

    /// Files that cannot be read, or are too large, are none that text can show.
    @Test func `only what text cannot show is told in words`() {
        let told = DiagnosticCode.allCases.filter { code in
            if case .told = code.explanation.wrong { true } else { false }
        }
        #expect(told == [.fileTooLarge, .notUTF8, .noDocuments, .unreadableFile, .tooManyNodes, .bundleTooLarge, .expansionLimit])
    }

    @Test func `each code has a text of its own`() {
        let texts = DiagnosticCode.allCases.map(\.explanation.text)
        #expect(Set(texts).count == texts.count)
        #expect(texts.allSatisfy { $0.count > 40 && $0.hasSuffix(".") })
    }
}
