import JSON

/// What a search looks for.
public enum SearchKind: String, Sendable, CaseIterable {
    /// Which subjects of a type may do an action on a resource.
    case subject
    /// Which resources of a type a subject may do an action on.
    case resource
    /// Which actions a subject may do on a resource.
    case action
}

/// A search of the shape of OpenID AuthZEN (Authorization API 1.0 §8): a request in which the entity searched for is left open, and which page
/// of the results is wanted.
public struct SearchRequest: Sendable {
    public let kind: SearchKind
    /// How many results a page has at most; nil for all of them.
    public var limit: Int?
    /// After how many decisions a page ends, be it empty, and the next one goes on from there; nil for never.
    public var decisionLimit: Int?
    /// `next_token` of the page before; empty for the first page.
    public var token = ""
    /// The request as text; between the two belongs the name of a candidate.
    let head: [UInt8]
    let tail: [UInt8]
    /// The type of the subjects or resources searched for.
    let type: String?

    /// - Parameters:
    ///   - request: as a request to be decided, but the `id` of the entity searched for is ignored, and so is the `action` in a search for
    ///     actions; `page` may hold `token` and `limit`.
    /// - Throws: `RequestError` if the entity searched for, or the page, is none. The rest is looked at when the search is made.
    public init(_ kind: SearchKind, _ request: JSONValue) throws(RequestError) {
        guard let members = request.objectValue else { throw RequestError("", "must be an object, found \(request.kindName)") }
        self.kind = kind
        var entity = JSONObject()
        if kind != .action {
            guard let value = members[kind.rawValue] else { throw RequestError("/\(kind.rawValue)", "is missing") }
            guard let object = value.objectValue else {
                throw RequestError("/\(kind.rawValue)", "must be an object, found \(value.kindName)")
            }
            for name in ["type", "properties"] { entity[name] = object[name] }
        }
        type = entity["type"]?.stringValue
        var rest = JSONObject()
        for name in ["subject", "action", "resource", "context"] where name != kind.rawValue { rest[name] = members[name] }
        head = Array("{\"\(kind.rawValue)\":{\"\(kind == .action ? "name" : "id")\":\"".utf8)
        tail = Array("\"".utf8) + Self.members(entity) + Array("}".utf8) + Self.members(rest) + Array("}".utf8)
        if let page = members["page"], page != .null { try read(page) }
    }

    private mutating func read(_ page: JSONValue) throws(RequestError) {
        guard let members = page.objectValue else { throw RequestError("/page", "must be an object, found \(page.kindName)") }
        if let token = members["token"], token != .null {
            guard let text = token.stringValue else { throw RequestError("/page/token", "must be a string, found \(token.kindName)") }
            self.token = text
        }
        if let limit = members["limit"], limit != .null {
            guard let number = Self.integer(limit), number > 0 else { throw RequestError("/page/limit", "must be an integer above zero") }
            self.limit = Int(number)
        }
    }

    /// `10.0` is an integer to some writers of JSON.
    private static func integer(_ value: JSONValue) -> Int64? {
        if case .double(let number) = value { return number >= 0x1p63 ? .max : Int64(exactly: number) }
        return value.intValue
    }

    /// The members of an object that goes on: each after a comma.
    private static func members(_ object: JSONObject) -> [UInt8] {
        var text: [UInt8] = []
        for member in object.members {
            text += Array(",\(JSONWriter.quote(member.name)):".utf8)
            write(member.value, to: &text)
        }
        return text
    }

    /// As `JSONWriter`, but a number with a fraction keeps it, be it zero: a condition may tell `1.0` from `1`.
    private static func write(_ value: JSONValue, to text: inout [UInt8]) {
        switch value {
        case .double(let number): text += number.description.utf8
        case .array(let items):
            text.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                write(item, to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let object):
            text.append(UInt8(ascii: "{"))
            text += members(object).dropFirst()
            text.append(UInt8(ascii: "}"))
        default: text += JSONWriter.bytes(value)
        }
    }
}
