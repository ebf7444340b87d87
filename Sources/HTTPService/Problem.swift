import NIOHTTP1

/// A problem document (RFC 9457, `application/problem+json`) with the `errors` extension of its section 3.
public struct Problem: Sendable, Equatable {
    /// One place in the request that is wrong.
    public struct Detail: Sendable, Equatable {
        /// A JSON Pointer (RFC 6901) into the request body; `""` is the whole of it.
        public var pointer: String
        /// What is wrong there.
        public var detail: String

        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    /// A URI reference that names the kind of problem: `about:blank`, or `/problems/<slug>`.
    public var type: String
    /// The kind of problem in a few words.
    public var title: String
    /// The HTTP status code.
    public var status: Int
    /// What went wrong this time, and what would mend it.
    public var detail: String?
    /// A URI reference of this occurrence.
    public var instance: String?
    /// The places in the request that are wrong.
    public var errors: [Detail]

    public init(
        type: String = "about:blank", title: String, status: Int, detail: String? = nil, instance: String? = nil, errors: [Detail] = []
    ) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.instance = instance
        self.errors = errors
    }

    /// A problem that says no more than its status does; the title is the status's reason phrase (RFC 9457 §4.2.1).
    public init(status: HTTPResponseStatus, detail: String? = nil) {
        self.init(title: status.reasonPhrase, status: Int(status.code), detail: detail)
    }

    /// The document as UTF-8 JSON.
    public func json() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(128 + (detail?.utf8.count ?? 0))
        out.append(contentsOf: "{\"type\":".utf8)
        Self.append(string: type, to: &out)
        out.append(contentsOf: ",\"title\":".utf8)
        Self.append(string: title, to: &out)
        out.append(contentsOf: ",\"status\":\(status)".utf8)
        if let detail {
            out.append(contentsOf: ",\"detail\":".utf8)
            Self.append(string: detail, to: &out)
        }
        if let instance {
            out.append(contentsOf: ",\"instance\":".utf8)
            Self.append(string: instance, to: &out)
        }
        if !errors.isEmpty {
            out.append(contentsOf: ",\"errors\":[".utf8)
            for (index, error) in errors.enumerated() {
                out.append(contentsOf: (index == 0 ? "{\"pointer\":" : ",{\"pointer\":").utf8)
                Self.append(string: error.pointer, to: &out)
                out.append(contentsOf: ",\"detail\":".utf8)
                Self.append(string: error.detail, to: &out)
                out.append(UInt8(ascii: "}"))
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(UInt8(ascii: "}"))
        return out
    }

    /// Appends `string` as a JSON string (RFC 8259 §7). A Swift string holds no lone surrogates, so its UTF-8 is valid as it is.
    static func append(string: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): out.append(contentsOf: "\\\\".utf8)
            case 0x08: out.append(contentsOf: "\\b".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0C: out.append(contentsOf: "\\f".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0x00..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                out.append(contentsOf: "\\u00".utf8)
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 0x0F)])
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
