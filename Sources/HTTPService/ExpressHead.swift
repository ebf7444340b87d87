/// The head of a request as the express lane takes it: one of few first lines, plain fields, a length. A strict part of HTTP/1.1 (RFC 9112), so that
/// whatever it takes the parser would take too, and with the same meaning. Everything else is left to the parser, errors first of all.
struct ExpressHead {
    /// Of the first route whose line it is.
    var route: ExpressRoute
    /// Bytes of the head, with the empty line.
    var count: Int
    var contentLength: Int
    var authorization: Range<Int>?
    var requestID: Range<Int>?
    var traceparent: Range<Int>?

    enum Outcome {
        case head(ExpressHead)
        /// It may become one.
        case incomplete
        case declined
    }

    private static let mostFields = 64

    static func read(_ bytes: UnsafeRawBufferPointer, _ routes: [ExpressRoute]) -> Outcome {
        guard let route = routes.first(where: { starts(bytes, with: $0.line) }) else { return .declined }
        guard bytes.count > route.line.count else { return .incomplete }
        var head = ExpressHead(route: route, count: route.line.count, contentLength: -1)
        var (hosts, fields) = (0, 0)
        while true {
            let start = head.count
            guard let end = lineEnd(bytes, from: start) else { return .incomplete }
            if end < 0 { return .declined }
            head.count = end + 2
            if end == start { break }
            fields += 1
            guard fields <= mostFields, head.take(bytes, start..<end, &hosts) else { return .declined }
        }
        return hosts == 1 && head.contentLength >= 0 ? .head(head) : .declined
    }

    /// Whether the bytes, or as many of them as there are, are those of `line`.
    private static func starts(_ bytes: UnsafeRawBufferPointer, with line: [UInt8]) -> Bool {
        let count = min(bytes.count, line.count)
        for place in 0..<count where bytes[place] != line[place] { return false }
        return true
    }

    /// Where the line break is, -1 if a byte comes before it that no plain field has, and `nil` if there is none yet.
    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var place = start
        while place < bytes.count {
            let byte = bytes[place]
            if byte >= 0x20 && byte != 0x7f || byte == 0x09 {
                place += 1
                continue
            }
            guard byte == 0x0d else { return -1 }
            guard place + 1 < bytes.count else { return nil }
            return bytes[place + 1] == 0x0a ? place : -1
        }
        return nil
    }

    /// Takes a field; `false` if it asks for what the express lane does not do, or is not plain.
    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, _ hosts: inout Int) -> Bool {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon] != UInt8(ascii: ":") {
            guard Self.isNameByte(bytes[colon]) else { return false }
            colon += 1
        }
        guard colon > line.lowerBound, colon < line.upperBound else { return false }
        var (first, last) = (colon + 1, line.upperBound)
        while first < last, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
        while last > first, bytes[last - 1] == 0x20 || bytes[last - 1] == 0x09 { last -= 1 }
        let (name, value) = (line.lowerBound..<colon, first..<last)
        switch name.count {
        case 2: return !Self.isField(bytes, name, "te")
        case 4: if Self.isField(bytes, name, "host") { hosts += 1 }
        case 6: return !Self.isField(bytes, name, "expect")
        case 7: return !Self.isField(bytes, name, "upgrade") && !Self.isField(bytes, name, "trailer")
        case 10: if Self.isField(bytes, name, "connection") { return Self.isField(bytes, value, "keep-alive") }
        case 11: if Self.isField(bytes, name, "traceparent") { return Self.set(&traceparent, value) }
        case 12:
            if Self.isField(bytes, name, "content-type") { return Self.isJSON(bytes, value) }
            if Self.isField(bytes, name, "x-request-id") {
                guard (1...128).contains(value.count), value.allSatisfy({ (0x21...0x7e).contains(bytes[$0]) }) else { return false }
                return Self.set(&requestID, value)
            }
        case 13: if Self.isField(bytes, name, "authorization") { return Self.set(&authorization, value) }
        case 14: if Self.isField(bytes, name, "content-length") { return takeLength(bytes, value) }
        case 16: return !Self.isField(bytes, name, "content-encoding")
        case 17: return !Self.isField(bytes, name, "transfer-encoding")
        default: break
        }
        return true
    }

    /// A field that is there twice is left to those who know which one counts.
    private static func set(_ place: inout Range<Int>?, _ value: Range<Int>) -> Bool {
        guard place == nil else { return false }
        place = value
        return true
    }

    private mutating func takeLength(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool {
        guard contentLength < 0, (1...9).contains(value.count) else { return false }
        contentLength = 0
        for place in value {
            guard (0x30...0x39).contains(bytes[place]) else { return false }
            contentLength = contentLength * 10 + Int(bytes[place] - 0x30)
        }
        return true
    }

    private static func isJSON(_ bytes: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool {
        isField(bytes, value, "application/json") || isField(bytes, value, "application/json; charset=utf-8")
            || isField(bytes, value, "application/json;charset=utf-8")
    }

    /// A byte of a field's name (RFC 9110 §5.6.2).
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Whether the bytes are `lowercase`, ASCII case aside.
    private static func isField(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount else { return false }
        let expected = lowercase.utf8Start
        for offset in 0..<range.count {
            let byte = bytes[range.lowerBound + offset]
            guard byte == expected[offset] || ((0x41...0x5A).contains(byte) && byte | 0x20 == expected[offset]) else { return false }
        }
        return true
    }
}
