import Foundation
import Testing

@testable import JSON

/// The tape against the parser. `JSON_FUZZ_RUNS` and `JSON_FUZZ_SEED` set how many texts and which.
@Suite struct JSONTapeTests {
    static let runs = ProcessInfo.processInfo.environment["JSON_FUZZ_RUNS"].flatMap { Int($0) } ?? 100_000
    static let seed = ProcessInfo.processInfo.environment["JSON_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ..< .max)
    private static let parts = 4

    /// What the text holds by one and by the other; nil where it is refused.
    private static func values(_ tape: JSONTape, _ bytes: [UInt8]) -> (tape: JSONValue?, parser: JSONValue?) {
        let parsed = try? JSONParser.parse(bytes)
        return (bytes.withUnsafeBytes { tape.read($0) ? tape.value(0) : nil }, parsed)
    }

    /// Equal, and equal by bytes too: strings that are equal may be composed differently, and zeros may differ in their sign.
    private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch (a, b) {
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
        case (.object(let a), .object(let b)):
            a.count == b.count
                && zip(a.members, b.members).allSatisfy { $0.name.utf8.elementsEqual($1.name.utf8) && isSame($0.value, $1.value) }
        default: a == b
        }
    }

    /// Run in parts at the same time, each with one tape that is filled again and again.
    @Test(arguments: 0..<parts) func `the tape and the parser accept the same texts and read the same values`(_ part: Int) {
        if part == 0 { print("tape seed \(Self.seed), \(Self.runs) texts") }
        var generator = TextGenerator(seed: Self.seed &+ UInt64(part))
        let tape = JSONTape()
        var accepted = 0
        var text: [UInt8] = []
        for run in 0..<Self.runs / Self.parts {
            if run % 3 == 0 { text = generator.text() }
            let bytes = run % 3 == 0 ? text : generator.damaged(text)
            let (found, expected) = Self.values(tape, bytes)
            if expected != nil { accepted += 1 }
            let isRight =
                switch (found, expected) {
                case (nil, nil): true
                case (let found?, let expected?): Self.isSame(found, expected)
                default: false
                }
            if !isRight {
                Issue.record(
                    "seed \(Self.seed), part \(part), run \(run): \(String(decoding: bytes, as: UTF8.self)) is \(String(describing: found)) by the tape, \(String(describing: expected)) by the parser"
                )
                return
            }
        }
        #expect(accepted > Self.runs / Self.parts / 4 && accepted < Self.runs / Self.parts)
    }

    static let sameNames = [
        #"{"K":1,"\#u{212a}":2}"#, #"{"\#u{212a}":1,"K":2}"#, #"{"\#u{37e}":1,";":2}"#, #"{"`":1,"\u1fef":2}"#, #"{"é":1,"e\u0301":2}"#,
        #"{"a":1,"\u0061":2}"#,
    ]

    @Test(arguments: sameNames) func `names that are the same in another normal form occur twice`(_ text: String) {
        let (found, expected) = Self.values(JSONTape(), Array(text.utf8))
        #expect(found == nil && expected == nil)
    }

    @Test func `a text without its end has room for its tokens`() {
        // Brackets that are never closed are tokens of one byte.
        for depth in 60...64 {
            for elements in 190..<260 {
                let text = [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](String(repeating: "1,", count: elements).utf8)
                #expect(!text.withUnsafeBytes { JSONTape().read($0) })
            }
        }
    }

    @Test func `every token of a text that grows is where it belongs`() throws {
        let tape = JSONTape()
        for count in stride(from: 0, to: 3_000, by: 7) {
            let text = Array(("[" + (0..<count).map(String.init).joined(separator: ",") + "]").utf8)
            text.withUnsafeBytes { bytes in
                #expect(tape.read(bytes) && tape.count(0) == count && tape.next(0) == count + 1)
                for index in 0..<count where tape.int(index + 1) != Int64(index) { Issue.record("\(index) of \(count)") }
            }
        }
    }
}
