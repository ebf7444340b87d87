import CELConformance
import Foundation
import Testing

/// The cases of the official suite, where they are present.
enum ConformanceFolder {
    static let url: URL? = {
        if let path = ProcessInfo.processInfo.environment["CHARTER_SHARED"] {
            return URL(fileURLWithPath: path).appendingPathComponent("conformance/cel")
        }
        var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while directory.path != "/" {
            let candidate = directory.appendingPathComponent("shared/conformance/cel")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
            directory.deleteLastPathComponent()
        }
        return nil
    }()

    static var files: [String] { url.flatMap { try? ConformanceSuite.files(in: $0) } ?? [] }
}

@Suite("conformance", .enabled(if: !ConformanceFolder.files.isEmpty, "the folder shared/conformance/cel is absent"))
struct ConformanceTests {
    @Test("all cases pass", arguments: ConformanceFolder.files, ConformanceEngine.allCases)
    func file(_ file: String, _ engine: ConformanceEngine) throws {
        let folder = try #require(ConformanceFolder.url)
        let results = try ConformanceSuite.run(file, in: folder, engine: engine)
        let failures = results.filter { $0.failure != nil }
        print("conformance \(engine.rawValue) \(file): \(results.count - failures.count) passed, \(failures.count) failed")
        for result in failures { Issue.record("\(result.id): `\(result.expression.prefix(200))`: \(result.failure ?? "")") }
    }
}
