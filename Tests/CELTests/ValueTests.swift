import Testing

@testable import CEL

@Suite("values")
struct ValueTests {
    @Test("strings are their code points, not what is canonically equivalent") func codePoints() throws {
        #expect(try Fixture.evaluate("'\\u00e9' == 'e\\u0301'") == .bool(false))
        #expect(try Fixture.evaluate("'\\u00e9' in {'e\\u0301': 1}") == .bool(false))
        #expect(CELValue.string("\u{e9}") != .string("e\u{301}"))
        #expect(CELMap([("\u{e9}", .int(1)), ("e\u{301}", .int(2))]).count == 2)
    }

    @Test("a map keeps its order and finds numeric keys of any type") func maps() {
        let entries: [(CELValue, CELValue)] = (0..<100).map { (.int($0), .int($0 * 2)) }
        let map = CELMap(entries)
        #expect(map.keys == entries.map(\.0))
        #expect(map[.uint(50)] == .int(100))
        #expect(map[.double(50)] == .int(100))
        #expect(map[.double(50.5)] == nil)
        #expect(CELMap([(CELValue.int(1), .int(1)), (.uint(1), .int(2))]).count == 1)
        #expect(CELMap([(CELValue.double(1), .int(1))]).count == 0)
    }

    @Test("adding to a map leaves its copies alone") func copies() {
        var map = CELMap([("a", .int(1))])
        let copy = map
        #expect(map.insert(.string("b"), .int(2)) == nil)
        #expect(map.count == 2 && copy.count == 1)
        #expect(map.insert(.string("b"), .int(3))?.isError == true)
    }

    @Test("equality of Swift distinguishes types, CEL's does not") func equality() {
        #expect(CELValue.int(1) != .double(1))
        #expect(CELValue.int(1).celEquals(.double(1)))
        #expect(CELValue.double(.nan) == .double(.nan))
        #expect(!CELValue.double(.nan).celEquals(.double(.nan)))
        #expect(CELValue.map(CELMap([("a", .int(1)), ("b", .int(2))])) == .map(CELMap([("b", .int(2)), ("a", .int(1))])))
        #expect(CELValue.map(CELMap([(CELValue.int(1), .null)])) != .map(CELMap([(CELValue.uint(1), .null)])))
    }

    @Test("timestamps and durations at the ends of their ranges") func times() throws {
        #expect(CELTimestamp(nanosecondsSince1970: -1).nanoseconds == 999_999_999)
        #expect(CELTimestamp(nanosecondsSince1970: .min).text == "1677-09-21T00:12:43.145224192Z")
        #expect(CELTimestamp(text: "0001-01-01T00:00:00Z")?.seconds == -62_135_596_800)
        #expect(CELTimestamp(text: "9999-12-31T23:59:59.999999999Z")?.text == "9999-12-31T23:59:59.999999999Z")
        #expect(CELTimestamp(text: "2024-02-29T23:59:59-01:30")?.text == "2024-03-01T01:29:59Z")
        #expect(CELDuration(text: "-2562047h47m16.854775808s")?.nanoseconds == .min)
        #expect(CELDuration(text: "2562047h47m16.854775808s") == nil)
        #expect(CELDuration(nanoseconds: .min).text == "-9223372036.854775808s")
        #expect(try Fixture.evaluate("now - duration('-2562047h47m16.854775808s')").isError == false)
    }

    @Test("the numbers of functions and operations never change") func numbers() {
        let functions: [CELFunction: UInt16] = [
            .not: 1, .isIn: 14, .size: 32, .toDyn: 46, .getFullYear: 64, .getMillisecondsIn: 83, .optionalOf: 96, .optionalUnwrap: 103,
            .charAt: 128, .reverse: 146, .greatest: 192, .bitShiftRight: 209, .base64Decode: 225, .slice: 240, .sortByKeys: 248,
            .setIntersects: 258, .regexReplaceLimit: 267, .isIP: 288, .cidrAddress: 303, .wrapInt32: 320, .makeDuration: 336,
        ]
        for (function, number) in functions { #expect(function.rawValue == number, "\(function)") }
        let operations: [Operation: UInt8] = [
            .finish: 1, .noOverload: 8, .jump: 16, .condition: 20, .and: 32, .or: 33, .add: 48, .negate: 63, .field: 80, .hasField: 82,
            .newList: 96, .merge: 102, .loopBegin: 112, .unwrap: 117, .call: 128,
        ]
        for (operation, number) in operations { #expect(operation.rawValue == number, "\(operation)") }
    }

    @Test("every declared function takes as many arguments as its overloads say") func arities() {
        for (name, declarations) in Declarations.all {
            for declaration in declarations { #expect(declaration.parameters.count == declaration.function.arity, "\(name)") }
        }
    }

    @Test("a program that would nest values without end is rejected") func nesting() {
        // newList r0; newList r1; append r1, r0; move r0, r1; jump back; finish
        let words = [
            Instruction(.newList, 0, number: 0), Instruction(.newList, 1, number: 0), Instruction(.append, 1, 0), Instruction(.move, 0, 1),
            Instruction(.jump, distance: -4), Instruction(.finish, 0, 0),
        ]
        let program = CELProgram(words: words.map(\.word), constants: [], registerCount: 2, resultType: .dyn, slotsRead: [])
        #expect(throws: CELVerificationError.self) { try CELVerifier.verify(program, slotCount: 0) }
    }

    @Test("what the verifier rejects")
    func rejected() throws {
        let good = try CELCompiler.compile("x + 1 > 2 && subject.id.startsWith('a')", in: Fixture.environment)
        func rejects(_ change: (inout CELProgram) -> Void) -> Bool {
            var program = good
            change(&program)
            do throws(CELVerificationError) {
                try CELVerifier.verify(program, slotCount: 10)
                return false
            } catch { return true }
        }
        #expect(!rejects { _ in })
        #expect(rejects { $0.words = [] })
        #expect(rejects { $0.words.removeLast() })
        #expect(rejects { $0.words.append(0) })
        #expect(rejects { $0.registerCount = 1 })
        #expect(rejects { $0.registerCount = 257 })
        #expect(rejects { $0.constants = [] })
        #expect(rejects { $0.constants[0] = .error(CELError(.overflow, "x")) })
        #expect(rejects { $0.slotsRead = [99] })
        #expect(rejects { $0.slotsRead = [] })
        #expect(rejects { $0.words[0] = Instruction(.jump, distance: -2).word })
        #expect(rejects { $0.words[0] = Instruction(.call, 0, number: 31).word })
    }
}
