import Foundation
import Testing

@testable import CEL

/// The examples of `docs/cel.md`.
@Suite("documentation")
struct DocumentationTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var expression: String
        var expected: String
        var testDescription: String { expression }
    }

    /// `expression // result` in every box of the language.
    static let examples: [Example] = {
        var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while directory.path != "/" {
            if let text = try? String(contentsOf: directory.appendingPathComponent("docs/cel.md"), encoding: .utf8) { return read(text) }
            directory.deleteLastPathComponent()
        }
        return []
    }()

    private static func read(_ text: String) -> [Example] {
        var examples: [Example] = []
        var isExample = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isExample = line == "```cel"
            } else if isExample, let mark = line.range(of: " // ", options: .backwards) {
                examples.append(
                    Example(
                        expression: line[..<mark.lowerBound].trimmingCharacters(in: .whitespaces),
                        expected: String(line[mark.upperBound...])))
            }
        }
        return examples
    }

    private static let environment = CELEnvironment(variables: [
        .init("n", .int), .init("name", .string), .init("tags", .list(.string)), .init("limits", .map(.string, .int)),
        .init("items", .list(.map(.string, .int))), .init("at", .timestamp), .init("input", .dyn),
        .init(
            "user", .record(CELRecordType(name: "User", fields: [.init(name: "team", type: .string), .init(name: "level", type: .int)]))),
    ])

    private static let slots: [CELValue?] = [
        .int(7), .string("Ada Lovelace"), .list([.string("ops"), .string("db")]),
        .map(CELMap([("cpu", .int(4)), ("memory", .int(16))])),
        .list([.map(CELMap([("cost", .int(5))])), .map(CELMap([("cost", .int(12))]))]),
        CELTimestamp(text: "2024-02-29T12:30:00Z").map { .timestamp($0) },
        .map(CELMap([("user", .map(CELMap([("email", .string("ada@example.org"))])))])), .string("core"), nil,
    ]

    @Test("there are examples") func exist() { #expect(Self.examples.count > 100) }

    @Test("an example gives what it says", arguments: examples) func example(_ example: Example) throws {
        let program: CELProgram
        do throws(CELIssues) { program = try CELCompiler.compile(example.expression, in: Self.environment) } catch {
            #expect(error.issues.contains { $0.message.hasPrefix(example.expected) }, "\(error)")
            return
        }
        let prepared = try CELPrepared(program, slotCount: Self.environment.slots.count)
        let value = prepared.value(CELActivation(slots: Self.slots))
        if case .error(let error) = value {
            #expect(example.expected == "error: \(error.kind.rawValue)")
        } else {
            #expect(value.text == example.expected)
        }
    }
}
