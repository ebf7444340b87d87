import CELConformance
import JSON

extension ConformanceReport {
    /// The failures, and a last line that counts.
    public var text: String {
        let lines = failures.map { "\($0.file): \($0.id) (\($0.engine.rawValue)): \($0.failure ?? "")\n    \($0.expression)" }
        return (lines + ["\(passed) passed, \(failed) failed"]).joined(separator: "\n")
    }

    public var json: JSONValue {
        [
            "passed": .int(Int64(passed)), "failed": .int(Int64(failed)),
            "failures": .array(
                failures.map {
                    [
                        "file": .string($0.file), "id": .string($0.id), "engine": .string($0.engine.rawValue),
                        "expression": .string($0.expression),
                        "reason": .string($0.failure ?? ""),
                    ]
                }),
        ]
    }
}
