/// The request target of RFC 9112 §3.2, taken apart and percent-decoded.
struct RequestTarget {
    enum Fault: Error {
        case notAPath
        case percentEncoding
        case dotSegment

        var detail: String {
            switch self {
            case .notAPath: "the request target is not a path"
            case .percentEncoding: "the request target has a broken percent-encoding or is not UTF-8"
            case .dotSegment: "the request target has a `.` or `..` segment"
            }
        }
    }

    /// The decoded path.
    private(set) var path: String
    /// The decoded pairs of the query.
    private(set) var query: [(name: String, value: String)] = []
    /// Offsets in `path.utf8` of slashes that were sent as `%2F`: part of a segment, not between two.
    private(set) var encodedSlashes: Set<Int> = []

    init(_ uri: String) throws(Fault) {
        var bytes = uri.utf8[...]
        if bytes.first != UInt8(ascii: "/") {
            bytes = try Self.withoutOrigin(bytes)
        }
        if let fragment = bytes.firstIndex(of: UInt8(ascii: "#")) { bytes = bytes[..<fragment] }
        var rawPath = bytes
        if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
            rawPath = bytes[..<mark]
            query = try Self.pairs(bytes[bytes.index(after: mark)...])
        }
        if rawPath.contains(UInt8(ascii: "%")) {
            path = try Self.decode(rawPath, plusIsSpace: false, encodedSlashes: &encodedSlashes)
        } else {
            path = String(Substring(rawPath))
        }
        // Dot segments mean something else to a proxy in front that normalises paths, so they are refused.
        if path.utf8.contains(UInt8(ascii: ".")), path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            throw .dotSegment
        }
    }

    /// The path and query of an absolute-form target (`http://host/path`), which a server must accept (RFC 9112 §3.2.2).
    private static func withoutOrigin(_ bytes: Substring.UTF8View) throws(Fault) -> Substring.UTF8View {
        if bytes.elementsEqual("*".utf8) { return bytes }
        for scheme in ["http://", "https://"] where bytes.count > scheme.utf8.count {
            let head = bytes.prefix(scheme.utf8.count)
            guard String(decoding: head, as: UTF8.self).lowercased() == scheme else { continue }
            let rest = bytes[head.endIndex...]
            guard let slash = rest.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else { return "/".utf8[...] }
            if rest[slash] == UInt8(ascii: "?") { throw .notAPath }
            return rest[slash...]
        }
        throw .notAPath
    }

    private static func pairs(_ bytes: Substring.UTF8View) throws(Fault) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var unused: Set<Int> = []
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try decode(pair[..<equals], plusIsSpace: true, encodedSlashes: &unused)
            var value = ""
            if equals != pair.endIndex {
                value = try decode(pair[pair.index(after: equals)...], plusIsSpace: true, encodedSlashes: &unused)
            }
            pairs.append((name: name, value: value))
        }
        return pairs
    }

    /// Decodes `%` escapes; refuses truncated ones, NUL, and results that are not UTF-8.
    private static func decode(
        _ raw: Substring.UTF8View, plusIsSpace: Bool, encodedSlashes: inout Set<Int>
    ) throws(Fault) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        var index = raw.startIndex
        while index != raw.endIndex {
            let byte = raw[index]
            raw.formIndex(after: &index)
            if byte == UInt8(ascii: "+"), plusIsSpace {
                out.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%") {
                let digits = raw[index...].prefix(2)
                guard digits.count == 2, let high = digits.first.flatMap(hexValue), let low = digits.last.flatMap(hexValue) else {
                    throw .percentEncoding
                }
                let decoded = high << 4 | low
                if decoded == 0 { throw .percentEncoding }
                if decoded == UInt8(ascii: "/") { encodedSlashes.insert(out.count) }
                out.append(decoded)
                index = digits.endIndex
            } else {
                out.append(byte)
            }
        }
        guard let text = String(validating: out, as: UTF8.self) else { throw .percentEncoding }
        return text
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
