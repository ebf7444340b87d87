import Digest
import JSON
import Testing

@testable import PolicyBundle
@testable import PolicyEngine

/// Changed bundles, and what a server would do with one.
enum HostileBundle {
    /// Puts the right digest into a changed bundle, so that what stands behind it is reached.
    static func seal(_ bytes: inout [UInt8]) {
        let range = BundleFormat.digestRange
        guard bytes.count >= range.upperBound else { return }
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        bytes.replaceSubrange(range, with: SHA256Digest(of: bytes).bytes)
    }

    /// Where the records of `section` begin in the file.
    static func place(of section: BundleSection, in bytes: [UInt8]) -> Int { number(8, of: section, in: bytes) }

    /// The bytes of `section`.
    static func range(of section: BundleSection, in bytes: [UInt8]) -> Range<Int> {
        let start = place(of: section, in: bytes)
        return start..<start + number(16, of: section, in: bytes)
    }

    private static func number(_ offset: Int, of section: BundleSection, in bytes: [UInt8]) -> Int {
        let entry = BundleFormat.headerSize + section.rawValue * BundleFormat.sectionEntrySize + offset
        return bytes.withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: entry, as: UInt64.self))) }
    }

    static func set(_ word: UInt32, at place: Int, in bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
    }

    /// Of a user who asks for a model, and of another for another resource.
    static let requests: [[UInt8]] = [("ada", "llm.chat", "p/m", "model"), ("x", "call", "y", "tool")].map {
        subject, action, resource, type in
        let context: JSONObject = ["inputTokens": 4, "maxOutputTokens": 4, "stage": "draft"]
        var request = TestEngine.request(subject, action, resource, resourceType: type, context: context).objectValue ?? [:]
        if type == "tool" {
            request["resource"] = ["type": "tool", "id": .string(resource), "properties": ["size": 2, "kind": "a"]]
        }
        return JSONWriter.bytes(.object(request))
    }

    /// Opens, reads everything, decides. Returns whether the bundle was accepted.
    @discardableResult
    static func exercise(_ bytes: [UInt8], _ requests: [[UInt8]] = requests) throws -> Bool {
        let bundle: PolicyBundle
        do throws(BundleError) { bundle = try PolicyBundle(bytes: bytes) } catch { return false }
        for index in 0..<bundle.count(.strx) - 1 {
            let text = bundle.string(index)
            _ = (bundle.findSubject(text, isServiceAccount: false), bundle.findIdentity(text, isServiceAccount: true))
            _ = (bundle.findModel(text), bundle.findAction(text))
        }
        for index in 0..<bundle.count(.valu) { _ = bundle.value(index).description }
        for index in 0..<bundle.count(.srce) { _ = bundle.source(index) }
        for index in 0..<bundle.count(.prog) { _ = bundle.program(index) }
        for column in MetaColumn.allCases where column.type == .string { _ = bundle.meta(column) }
        let engine: PolicyEngine
        do throws(BundleError) { engine = try PolicyEngine(bundle) } catch { return false }
        let session = DecisionSession(engine)
        for request in requests {
            decide(session, request)
            #expect((0..<max(1, engine.index.policyWords)).allSatisfy { session.candidates[$0] == 0 }, "a candidate is left")
        }
        return true
    }

    /// With the index and without it, in words and as it is written.
    private static func decide(_ session: DecisionSession, _ request: [UInt8]) {
        request.withUnsafeBytes { bytes in
            do throws(RequestError) { try session.decode(bytes, now: 1_767_300_000_000_000_000) } catch { return }
            for usesIndex in [true, false] {
                _ = session.decide(usingIndex: usesIndex)
                _ = session.json(id: "x")
                _ = session.decision(id: "x").json
            }
        }
    }
}
