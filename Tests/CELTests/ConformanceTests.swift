import Foundation
import Testing

@testable import CEL

/// The cases of the official suite, where they are present.
enum ConformanceSuite {
    static let folder: URL? = {
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

    static var files: [String] {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return [] }
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }

    static func cases(_ file: String) throws -> [[String: Any]] {
        guard let folder else { return [] }
        let data = try Data(contentsOf: folder.appendingPathComponent(file))
        return try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
    }
}

@Suite("conformance", .enabled(if: !ConformanceSuite.files.isEmpty, "the folder shared/conformance/cel is absent"))
struct ConformanceTests {
    @Test("all cases pass", arguments: ConformanceSuite.files, ConformanceCase.Engine.allCases)
    func file(_ file: String, _ engine: ConformanceCase.Engine) throws {
        var passed = 0
        var failures: [String] = []
        for json in try ConformanceSuite.cases(file) {
            let id = json["id"] as? String ?? "?"
            do {
                let test = try ConformanceCase(json)
                if let failure = test.failure(engine) {
                    failures.append("\(id): `\(test.expression.prefix(200))`: \(failure)")
                } else {
                    passed += 1
                }
            } catch { failures.append("\(id): unreadable: \(error)") }
        }
        print("conformance \(engine.rawValue) \(file): \(passed) passed, \(failures.count) failed")
        for failure in failures { Issue.record("\(failure)") }
    }
}
