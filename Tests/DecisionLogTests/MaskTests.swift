import JSON
import Testing

@testable import DecisionLog

@Suite struct MaskTests {
    private static func masked(_ json: String, _ paths: [String]) throws -> String {
        let mask = try LogMask(paths)
        let bytes = Array(json.utf8)
        return bytes.withUnsafeBytes { mask.masked(request: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? json
    }

    @Test(arguments: [
        (#"{"context":{"prompt":"secret","n":1}}"#, ["/request/context/prompt"], #"{"context":{"prompt":"***","n":1}}"#),
        (#"{"context" : {"prompt" : {"a":[1,"}"]} , "n":1}}"#, ["/request/context/prompt"], #"{"context":{"prompt":"***","n":1}}"#),
        (#"{"a":[{"b":1,"c":2},{"b":3}]}"#, ["/request/a/*/b"], #"{"a":[{"b":"***","c":2},{"b":"***"}]}"#),
        (#"{"a":["x","y"]}"#, ["/request/a/1"], #"{"a":["x","***"]}"#),
        // Written another way it is the same name, and a name that is there twice is masked twice.
        (#"{"\u0061":"x","a":"y"}"#, ["/request/a"], #"{"\u0061":"***","a":"***"}"#),
        (#"{"a/b":{"~":1}}"#, ["/request/a~1b/~0"], #"{"a/b":{"~":"***"}}"#),
        (#"{"a":{"b":1,"c":2}}"#, ["/request/a", "/request/a/b"], #"{"a":"***"}"#),
        (#"{"a":{"b":1,"c":2}}"#, ["/request/*/c", "/request/a/b"], #"{"a":{"b":"***","c":"***"}}"#),
        (#"{"a":"\\\"","b":"q"}"#, ["/request/b"], #"{"a":"\\\"","b":"***"}"#),
        (#"{"a":1}"#, ["/request/b"], #"{"a":1}"#),
        (#"{"a":1}"#, ["/decision/a"], #"{"a":1}"#),
    ]) func `what a path names is left out, and nothing else`(json: String, paths: [String], expected: String) throws {
        #expect(try Self.masked(json, paths) == expected)
    }

    @Test(arguments: ["", "request/a", "/request", "/other/a", "/"]) func `what is no path is refused`(path: String) {
        #expect(throws: LogMask.InvalidPath.self) { try LogMask([path]) }
    }

    @Test func `what cannot be read is masked whole`() throws {
        #expect(try Self.masked(#"{"a":"x"#, ["/request/b"]) == #""***""#)
    }

    @Test func `however deep a value is, it is skipped`() throws {
        let deep = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
        #expect(try Self.masked(#"{"a":\#(deep),"b":1}"#, ["/request/a"]) == #"{"a":"***","b":1}"#)
    }
}
