import Foundation
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine

/// A small organisation with something of everything that bundles hold.
enum FuzzWorld {
    struct NotCompiled: Error {}

    /// `Tests/Corpus`.
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Corpus").standardized

    private static func documents() throws -> String {
        try String(contentsOf: corpus.appendingPathComponent("world.yaml"), encoding: .utf8)
    }

    /// Policies that are found by a value of the context, and by a subject.
    private static func policies() -> String {
        (0..<70).map { number in
            """
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: s\(number)}
            spec:
              type: usage
              match: {\(number % 7 == 0 ? "subjects: [\"user:ada\"]" : "roles: [r]")}
              rules: [{name: r, when: 'context.purpose == "p\(number % 9)" && context.inputTokens > \(number)', effect: \(number % 3 == 0 ? "deny" : "warn")}]

            """
        }.joined()
    }

    static func bundle() throws -> [UInt8] {
        let file = DocumentReader.read(Array((try documents() + policies()).utf8), path: "a.yaml")
        let (governance, diagnostics) = Governance.link([file])
        let origin = BundleOrigin(commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 0)
        let result = PolicyCompiler.compile(
            governance, origin: origin, isLinked: !diagnostics.contains { $0.severity == .error }, now: 0)
        guard let bytes = result.bundle else { throw NotCompiled() }
        return bytes
    }

    static let requests = [
        #"{"subject":{"type":"user","id":"ada"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"p/m","properties":{"region":"eu","x":[1,{"y":null}]}},"context":{"inputTokens":40,"maxOutputTokens":8,"purpose":"p3","stage":"draft","due":"2026-01-31T12:00:00Z","score":1.5e2,"tags":{"a":"b"},"tools":["s"],"findings":[{"detector":"d","count":2}]}}"#,
        #"{"subject":{"type":"user","id":"x","properties":{"é":"\ud83d\ude00\n"}},"action":{"name":"call","properties":{"q":true}},"resource":{"type":"tool","id":"xy","properties":{"size":2,"kind":"a"}}}"#,
        #"{"subject":{"type":"user","id":"bob"},"action":{"name":"read"},"resource":{"type":"data","id":"d","properties":{"free":-0.0}},"context":{}}"#,
        #"{"subject":{"type":"service-account","id":"nobody"},"action":{"name":"other"},"resource":{"type":"planet","id":"earth"}}"#,
    ]

    /// A moment at which the exemption holds.
    static let now: Int64 = 1_780_000_000_000_000_000

    /// The bundle, and for each section three in which a word in its middle is none, zero or beyond all counts: behind each stands a check.
    private static func bundles() throws -> [(name: String, bytes: [UInt8])] {
        let original = try bundle()
        let parsed = try PolicyBundle(bytes: original)
        var all = [("small", original)]
        for (number, section) in BundleSection.allCases.enumerated() {
            let size = parsed.count(section) * max(1, section.stride * 4)
            let entry = 64 + number * 24 + 8
            let start = original[entry..<entry + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            for (name, word) in [("none", UInt32.max), ("zero", 0), ("far", 0x00FF_FFFF)] where size >= 4 {
                var altered = original
                let place = start + size / 8 * 4
                withUnsafeBytes(of: word.littleEndian) { altered.replaceSubrange(place..<place + 4, with: $0) }
                all.append(("\(section.name)-\(name)", altered))
            }
        }
        return all
    }

    /// The files of a folder, a line each: what `Tests/Corpus/requests.base64` is made with, from a folder that `-merge=1` has made small.
    static func pack(_ folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let files = try names.map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")) }
        return files.sorted { ($0.count, $0.base64EncodedString()) < ($1.count, $1.base64EncodedString()) }
            .map { $0.base64EncodedString() + "\n" }.joined()
    }

    static func writeSeeds(_ folder: String) throws {
        let manager = FileManager.default
        for name in ["bundle", "request"] { try manager.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true) }
        for (name, bytes) in try bundles() { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/bundle/\(name)")) }
        for (number, request) in requests.enumerated() {
            try Data(request.utf8).write(to: URL(fileURLWithPath: "\(folder)/request/\(number)"))
        }
        let kept = try String(contentsOf: corpus.appendingPathComponent("requests.base64"), encoding: .utf8)
        for (number, line) in kept.split(separator: "\n").enumerated() {
            try Data(base64Encoded: String(line))?.write(to: URL(fileURLWithPath: "\(folder)/request/kept-\(number)"))
        }
    }
}
