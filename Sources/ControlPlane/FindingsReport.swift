import Diagnostics
import Foundation
import GovernanceModel
import JSON

/// What a check of documents has found, in the forms that people and other tools read.
public struct FindingsReport: Sendable {
    /// A form for other tools.
    public enum Format: String, Sendable, CaseIterable {
        case json, sarif, junit, github
    }

    private let diagnostics: [Diagnostic]
    private let sources: [String: [UInt8]]
    private let files: [String]
    private let documentCount: Int
    private let fileCount: Int
    /// Findings at least this bad make the check fail.
    private let failsOn: Severity
    private let nanoseconds: Int64

    /// - Parameters:
    ///   - prefix: what stands before the documents' paths in the repository that they are a part of, with a `/` at its end; often nothing.
    ///   - nanoseconds: how long the check took.
    public init(_ snapshot: RepositorySnapshot, _ diagnostics: [Diagnostic], prefix: String, failsOn: Severity, nanoseconds: Int64) {
        let paths = Set(Kind.allCases.flatMap { snapshot.governance.all($0).map(\.path) })
        self.diagnostics = diagnostics.map { $0.below(prefix) }
        sources = Dictionary(uniqueKeysWithValues: snapshot.sources.map { (prefix + $0.key, $0.value) })
        files = paths.map { prefix + $0 }
        documentCount = snapshot.governance.count
        fileCount = snapshot.fileCount
        self.failsOn = failsOn
        self.nanoseconds = nanoseconds
    }

    public var isFailed: Bool { diagnostics.contains { $0.severity >= failsOn } }

    /// Whether there is an error, which no setting makes good.
    private var isValid: Bool { !diagnostics.hasErrors }

    /// One line: what was checked, and how it stands.
    public var verdict: String {
        "\(isValid ? "valid" : "not valid"): \(documentCount) documents in \(fileCount) files, \(diagnostics.counts)"
    }

    /// - Parameter version: the program's.
    public func text(_ format: Format, version: String) -> String {
        switch format {
        case .json:
            let json: JSONValue = [
                "valid": .bool(isValid), "documents": .int(Int64(documentCount)), "files": .int(Int64(fileCount)),
                "diagnostics": .array(diagnostics.map(\.json)),
            ]
            return JSONWriter.text(json, style: .pretty) + "\n"
        case .sarif:
            return JSONWriter.text(SARIFRenderer(version: version, sources: sources).render(diagnostics), style: .pretty) + "\n"
        case .junit:
            return JUnitRenderer(sources: sources, failsOn: failsOn).render(diagnostics, files: files, nanoseconds: nanoseconds)
        case .github:
            return GitHubRenderer().annotations(diagnostics) + verdict + "\n"
        }
    }

    /// The findings with their sources, for people.
    public func human(color: Bool) -> String { HumanRenderer(color: color, sources: sources).render(diagnostics) }

    /// Appends all findings to the summary of a step of GitHub Actions.
    ///
    /// - Parameter path: the file that `GITHUB_STEP_SUMMARY` names.
    public func appendSummary(to path: String) throws {
        let text = GitHubRenderer().summary(diagnostics, verdict: verdict)
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw ControlError(.input, "the step's summary cannot be written to \(path): \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
    }

    /// What stands before the paths of a folder's files in the git repository that it lies in: `governance/`, or nothing.
    public static func prefix(of directory: String) -> String {
        let folder = URL(fileURLWithPath: directory).resolvingSymlinksInPath().standardizedFileURL.pathComponents
        for count in stride(from: folder.count, to: 0, by: -1) {
            let root = NSString.path(withComponents: Array(folder[..<count]))
            guard FileManager.default.fileExists(atPath: root + "/.git") else { continue }
            return folder[count...].map { $0 + "/" }.joined()
        }
        return ""
    }
}

extension Diagnostic {
    /// The same finding, seen from a folder above.
    fileprivate func below(_ prefix: String) -> Diagnostic {
        var moved = self
        moved.span.path = prefix + span.path
        for place in moved.related.indices { moved.related[place].span.path = prefix + moved.related[place].span.path }
        return moved
    }
}
