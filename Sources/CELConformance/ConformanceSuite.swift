import Foundation

/// What became of one case.
public struct ConformanceResult: Sendable {
    public var file: String
    public var id: String
    public var expression: String
    public var engine: ConformanceEngine
    /// Nil when the case passed, else why not.
    public var failure: String?
}

/// A file of cases that cannot be read as such.
public struct ConformanceFileError: Error, Sendable, CustomStringConvertible {
    public var file: String
    public var reason: String

    public var description: String { "`\(file)`: \(reason)" }
}

/// Runs folders of case files: every `*.json` directly in the folder, an array of cases each.
public enum ConformanceSuite {
    /// The names of the case files in a folder, sorted.
    public static func files(in folder: URL) throws(ConformanceFileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted()
        } catch {
            throw ConformanceFileError(file: folder.path, reason: "\(error.localizedDescription)")
        }
    }

    /// Runs every case of one file through the engine, in order.
    public static func run(_ file: String, in folder: URL, engine: ConformanceEngine) throws(ConformanceFileError) -> [ConformanceResult] {
        var results: [ConformanceResult] = []
        for json in try cases(file, in: folder) {
            var result = ConformanceResult(
                file: file, id: json["id"] as? String ?? "?", expression: json["expr"] as? String ?? "", engine: engine, failure: nil)
            do {
                result.failure = try ConformanceCase(json).failure(engine)
            } catch { result.failure = "unreadable: \(error)" }
            results.append(result)
        }
        return results
    }

    /// Runs every case of every file through each engine. A case passes if it does so through all of them.
    ///
    /// - Returns: One result for each case and engine, in order of files and cases.
    public static func run(
        folder: URL, engines: [ConformanceEngine] = ConformanceEngine.allCases
    ) throws(ConformanceFileError) -> ConformanceReport {
        var report = ConformanceReport()
        for file in try files(in: folder) {
            var failed: Set<Int> = []
            var count = 0
            for engine in engines {
                let results = try run(file, in: folder, engine: engine)
                count = results.count
                for (index, result) in results.enumerated() where result.failure != nil { failed.insert(index) }
                report.results += results
            }
            report.passed += count - failed.count
            report.failed += failed.count
        }
        return report
    }

    private static func cases(_ file: String, in folder: URL) throws(ConformanceFileError) -> [[String: Any]] {
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent(file)))
        } catch {
            throw ConformanceFileError(file: file, reason: "\(error.localizedDescription)")
        }
        guard let cases = parsed as? [[String: Any]] else { throw ConformanceFileError(file: file, reason: "expected an array of cases") }
        return cases
    }
}

/// The results of a folder.
public struct ConformanceReport: Sendable {
    public var results: [ConformanceResult] = []
    /// Cases that passed through every engine.
    public var passed = 0
    public var failed = 0

    public var failures: [ConformanceResult] { results.filter { $0.failure != nil } }
}
