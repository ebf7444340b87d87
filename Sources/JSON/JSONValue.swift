/// A JSON value (RFC 8259). Members of an object keep their order.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// An exact decimal in plain notation without exponent, superfluous zeros or a leading `+`; made by `Decimal.normalise`.
    case decimal(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The member `name` of an object; `nil` for anything else.
    public subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { return object[name] }
        return nil
    }

    public var stringValue: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    public var arrayValue: [JSONValue]? {
        if case .array(let items) = self { return items }
        return nil
    }

    public var objectValue: JSONObject? {
        if case .object(let object) = self { return object }
        return nil
    }

    public var intValue: Int64? {
        if case .int(let value) = self { return value }
        return nil
    }

    public var boolValue: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// What the value is called in messages to people: `a string`, `an object`, ….
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double, .decimal: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object in their order; a name occurs once.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var members: [Member]

    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSONValue
    }

    public init() { members = [] }

    /// Later members replace earlier ones of the same name.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        members = []
        // A dictionary, not a search for each, where there are many: a document may hold half a million members.
        var places: [String: Int] = [:]
        for (name, value) in pairs {
            if members.count < Self.fewMembers {
                if let place = members.firstIndex(where: { $0.name == name }) {
                    members[place].value = value
                } else {
                    members.append(Member(name: name, value: value))
                }
                continue
            }
            if places.isEmpty { for (place, member) in members.enumerated() { places[member.name] = place } }
            if let place = places[name] {
                members[place].value = value
            } else {
                places[name] = members.count
                members.append(Member(name: name, value: value))
            }
        }
    }

    private static let fewMembers = 8

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// INVARIANT: the caller has made sure that names are unique.
    init(uniqueMembers: [Member]) { members = uniqueMembers }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }

    /// Setting `nil` removes the member.
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }

    /// An array of strings.
    public init(_ strings: some Sequence<String>) { self = .array(strings.map { .string($0) }) }
}
