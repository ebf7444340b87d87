import Diagnostics
import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyEngine
import Testing

/// Decisions as data. `Cases/<name>.json` holds requests and what must be decided about them; `Cases/<name>.yaml`, where there is one, the
/// documents beside those of `Cases/base.yaml`, or all of them if there is an Organization among them.
///
/// A case is `{name, now?, request, expect}` or `{name, request, error: {pointer, detail}}`. What is expected must be found in the decision:
/// an object may have more members, `null` stands for one that must not be there; a list must have as many elements.
@Suite struct CaseTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Cases").path
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".json") }
        .map { String($0.dropLast(5)) }.sorted()

    @Test func `there are cases`() { #expect(Self.names.count >= 8) }

    @Test(arguments: names) func `requests get the decisions that are written down`(_ name: String) throws {
        var documents = Self.optional("\(name).yaml")
        if !documents.values.contains(where: { $0.contains("kind: Organization") }) { documents["base.yaml"] = try Self.text("base.yaml") }
        let engine = try TestEngine.compile(documents)
        let file = try JSONParser.parse(Self.text("\(name).json"))
        let cases = try #require(file["cases"]?.arrayValue)
        #expect(!cases.isEmpty)
        for test in cases { try check(test, engine, fileNow: file["now"]?.stringValue) }
    }

    private func check(_ test: JSONValue, _ engine: PolicyEngine, fileNow: String?) throws {
        let title = try #require(test["name"]?.stringValue)
        let now = try #require(Timestamp.seconds(test["now"]?.stringValue ?? fileNow ?? "2026-06-15T12:00:00Z")) * 1_000_000_000
        do {
            let request = try #require(test["request"])
            let decision = try engine.decide(request, now: now, id: "case")
            // Through text, so that decimals compare as what is printed.
            let json = try JSONParser.parse(JSONWriter.text(decision.json))
            guard let expected = test["expect"] else {
                Issue.record("\(title): expected an error, found \(JSONWriter.text(json))")
                return
            }
            if let place = Self.difference(expected, json, at: "") {
                Issue.record("\(title): \(place)\n\(JSONWriter.text(json, style: .pretty))")
            }
            #expect(decision.isAllowed == decision.reasons.isEmpty, "\(title): a denial has a reason, a permission has none")
            #expect(decision == (try engine.decide(request, now: now, id: "case")), "\(title): the same again")
        } catch let error as RequestError {
            #expect(
                test["error"]?["pointer"]?.stringValue == error.pointer && test["error"]?["detail"]?.stringValue == error.detail,
                "\(title): \(error)")
        }
    }

    /// Where `found` lacks what is `expected`.
    private static func difference(_ expected: JSONValue, _ found: JSONValue?, at place: String) -> String? {
        if expected == .null { return found == nil || found == .null ? nil : "\(place) should not be there" }
        guard let found else { return "\(place) is missing" }
        switch (expected, found) {
        case (.object(let wanted), .object):
            return wanted.members.lazy.compactMap { difference($0.value, found[$0.name], at: "\(place)/\($0.name)") }.first
        case (.array(let wanted), .array(let items)):
            if wanted.count != items.count { return "\(place) has \(items.count) elements, expected \(wanted.count)" }
            return zip(wanted, items).enumerated().lazy.compactMap { difference($1.0, $1.1, at: "\(place)/\($0)") }.first
        case (.int(let a), .double(let b)): return Double(a) == b ? nil : "\(place) is \(b), expected \(a)"
        case (.double(let a), .int(let b)): return a == Double(b) ? nil : "\(place) is \(b), expected \(a)"
        default: return expected == found ? nil : "\(place) is \(JSONWriter.text(found)), expected \(JSONWriter.text(expected))"
        }
    }

    static func text(_ file: String) throws -> String { try String(contentsOfFile: folder + "/" + file, encoding: .utf8) }

    private static func optional(_ file: String) -> [String: String] { (try? text(file)).map { [file: $0] } ?? [:] }
}
