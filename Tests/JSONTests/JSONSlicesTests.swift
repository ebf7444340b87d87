import JSON
import Testing

@Suite struct JSONSlicesTests {
    private func elements(_ text: String, limit: Int = 100) throws -> [String] {
        var bytes = text
        return try bytes.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            return try JSONSlices.elements(raw, upTo: limit).map { String(decoding: raw[$0], as: UTF8.self) }
        }
    }

    private func members(_ text: String) throws -> [[String]] {
        var bytes = text
        return try bytes.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            return try JSONSlices.members(raw).map { [$0.name, String(decoding: raw[$0.value], as: UTF8.self)] }
        }
    }

    @Test("elements are found as they stand, whatever is in them")
    func elements() throws {
        #expect(try elements("[]") == [])
        #expect(try elements(" [ 1 , \"a,]\" ,{\"b\":[ ]}, [\"\\\"]\"] ,null] ") == ["1", "\"a,]\"", "{\"b\":[ ]}", "[\"\\\"]\"]", "null"])
        let long = "\"" + String(repeating: "x", count: 37) + "\\\\\""
        #expect(try elements("[\(long),\(long)]") == [long, long])
        #expect(try elements("[1,2]", limit: 2) == ["1", "2"])
    }

    /// Members as they are visited, up to one of this name.
    private func visited(_ text: String, upTo last: String? = nil) throws -> [[String]] {
        var bytes = text
        return try bytes.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            var found: [[String]] = []
            try JSONSlices.visitMembers(raw) { name, value in
                found.append([String(decoding: name, as: UTF8.self), String(decoding: raw[value], as: UTF8.self)])
                return last == nil || found.last?.first != last
            }
            return found
        }
    }

    @Test func `members are visited in their order with names as they stand, and no further than is wanted`() throws {
        #expect(try visited("{}") == [])
        let text = #"{"a":1,"\u0062" : {"a":"}"},"":[ ],"a":true }"#
        #expect(try visited(text) == [["a", "1"], [#"\u0062"#, #"{"a":"}"}"#], ["", "[ ]"], ["a", "true"]])
        #expect(try visited(#"{"a":1,"b":2,nothing"#, upTo: "b") == [["a", "1"], ["b", "2"]])
        #expect(throws: JSONSyntaxError.self) { try visited(#"{"a":1,"b":2,nothing"#) }
    }

    @Test("members are found by their names with escapes resolved")
    func members() throws {
        #expect(try members("{}") == [])
        #expect(try members(#"{"a":1,"\u0062" : {"a":"}"},"c":true }"#) == [["a", "1"], ["b", #"{"a":"}"}"#], ["c", "true"]])
    }

    @Test(
        "a text that does not hold together is an error",
        arguments: [
            "", " ", "1", "{", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1] 2", "[\"]", "[\"\\\"]", "[{]", "[[1]", "[1},2]",
            "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":1}}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
            "[\"\\", "{\"\\q\":1}",
        ])
    func errors(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try elements(text) }
        #expect(throws: JSONSyntaxError.self) { try members(text) }
    }

    @Test("what comes after as many elements as are looked for is not read")
    func limit() throws {
        #expect(try elements("[1,2,3", limit: 2) == ["1", "2"])
        #expect(throws: JSONSyntaxError.self) { try elements("[1,2,3", limit: 4) }
    }

    @Test("every valid text is taken apart as the parser takes it apart")
    func sameAsParser() throws {
        let texts = [
            #"[{"a":[1,{"b":"\"},{"}]},-1.5e3,"é\\",[[],[{}]],false]"#, "[\t\n\r 1\n,\n2 ]", #"["\\","\\\"","\\\\"]"#,
        ]
        for text in texts {
            let items = try #require(JSONParser.parse(text).arrayValue)
            #expect(try elements(text).map { try JSONParser.parse($0) } == items)
        }
    }
}
