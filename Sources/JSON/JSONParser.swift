/// A syntax error in JSON text.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was found and what was expected.
    public var message: String
    /// Offset in bytes from the start of the text.
    public var offset: Int

    public var description: String { "\(message) at byte \(offset)" }

    /// - Parameter byte: what is there instead; `nil` at the end of the text.
    static func unexpected(_ byte: UInt8?, where expected: String, at offset: Int) -> JSONSyntaxError {
        guard let byte else { return JSONSyntaxError(message: "the text ends where \(expected) was expected", offset: offset) }
        let found = (0x21..<0x7f).contains(byte) ? "`\(Character(Unicode.Scalar(byte)))`" : "byte \(byte)"
        return JSONSyntaxError(message: "found \(found) where \(expected) was expected", offset: offset)
    }
}

/// A strict JSON parser (RFC 8259): UTF-8 only, no comments, no trailing commas, no duplicate names, bounded depth.
public struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private let depthLimit: Int

    /// - Parameter depthLimit: how many arrays and objects may stand inside each other.
    public static func parse(_ bytes: [UInt8], depthLimit: Int = 64) throws(JSONSyntaxError) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(bytes: buffer, depthLimit: depthLimit)
            do throws(JSONSyntaxError) {
                return Result<JSONValue, JSONSyntaxError>.success(try parser.document())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    public static func parse(_ text: String, depthLimit: Int = 64) throws(JSONSyntaxError) -> JSONValue {
        try parse(Array(text.utf8), depthLimit: depthLimit)
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    private mutating func document() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        let result = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw unexpected("the end of the text") }
        return result
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard let byte = peek() else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try enter(depth)
        var members: [JSONObject.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        while true {
            skipSpace()
            let start = position
            guard peek() == UInt8(ascii: "\"") else { throw unexpected("a member name in double quotes") }
            let name = try string()
            guard names.insert(name).inserted else {
                throw JSONSyntaxError(message: "the member \(JSONWriter.quote(name)) occurs twice", offset: start)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("`:`") }
            skipSpace()
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return .object(JSONObject(uniqueMembers: members)) }
            throw unexpected("`,` or `}`")
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try enter(depth)
        var items: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return .array(items) }
            throw unexpected("`,` or `]`")
        }
    }

    private mutating func enter(_ depth: Int) throws(JSONSyntaxError) {
        guard depth < depthLimit else {
            throw JSONSyntaxError(message: "nested deeper than \(depthLimit) levels", offset: position)
        }
        position += 1
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { throw unexpected("a value") }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] { throw unexpected("a value") }
        position += length
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            if let next = peek(), (0x30...0x39).contains(next) { throw unexpected("no digit after a leading zero") }
        } else {
            guard digits() else { throw unexpected("a digit") }
        }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() else { throw unexpected("a digit after the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() else { throw unexpected("a digit in the exponent") }
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        if isInteger, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else {
            throw JSONSyntaxError(message: "a number too large for 64 bits", offset: start)
        }
        return .double(value)
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        guard let stop = peek() else { throw unexpected("the end of a string") }
        if stop == UInt8(ascii: "\"") {
            let text = try decode(UnsafeBufferPointer(rebasing: bytes[start..<position]), at: start)
            position += 1
            return text
        }
        return try escapedString(from: start)
    }

    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var buffer = Array(bytes[start..<position])
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") {
                position += 1
                return try buffer.withUnsafeBufferPointer { pointer throws(JSONSyntaxError) in try decode(pointer, at: start) }
            }
            if byte < 0x20 { throw unexpected("control characters to be escaped") }
            position += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &buffer) } else { buffer.append(byte) }
        }
        throw unexpected("the end of a string")
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONSyntaxError) {
        guard let byte = peek() else { throw unexpected("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0c)
        case UInt8(ascii: "n"): buffer.append(0x0a)
        case UInt8(ascii: "r"): buffer.append(0x0d)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimalQuad()
            if (0xd800..<0xdc00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw unexpected("the second half of a surrogate pair") }
                let low = try hexadecimalQuad()
                guard (0xdc00..<0xe000).contains(low) else { throw unexpected("the second half of a surrogate pair") }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw unexpected("a Unicode scalar") }
            buffer += Array(String(Character(scalar)).utf8)
        default:
            position -= 1
            throw unexpected("an escape")
        }
    }

    private mutating func hexadecimalQuad() throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw unexpected("four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    private func decode(_ slice: UnsafeBufferPointer<UInt8>, at start: Int) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw JSONSyntaxError(message: "a string that is not valid UTF-8", offset: start)
        }
        return text
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: String) -> JSONSyntaxError { .unexpected(peek(), where: expected, at: position) }
}
