import JSON

/// What a path of the data API names.
enum OPADocument: Equatable {
    /// `data`: everything.
    case root
    /// `data.charter`.
    case package
    /// `data.charter.allow`: yes or no.
    case allow
    /// `data.charter.decision`, or what is in it at these names and places.
    case decision([String])
    /// Nothing has this name.
    case undefined

    /// - Parameter path: what comes after `/v1/data`.
    init(path: String) {
        let names = path.split(separator: "/").map(String.init)
        switch (names.first, names.dropFirst().first) {
        case (nil, _): self = .root
        case ("charter", nil): self = .package
        case ("charter", "allow"): self = names.count == 2 ? .allow : .undefined
        case ("charter", "decision"): self = .decision(Array(names.dropFirst(2)))
        default: self = .undefined
        }
    }

    /// The path that its decisions are logged under.
    var path: String {
        switch self {
        case .root: "/v1/data"
        case .package, .undefined: "/v1/data/charter"
        case .allow: "/v1/data/charter/allow"
        case .decision: "/v1/data/charter/decision"
        }
    }

    /// Its value; nil where it is undefined.
    func value(_ decided: DecisionService.Decided) -> [UInt8]? {
        let allow = decided.isAllowed ? "true" : "false"
        switch self {
        case .root: return Array("{\"charter\":{\"allow\":\(allow),\"decision\":".utf8) + decided.json + Array("}}".utf8)
        case .package: return Array("{\"allow\":\(allow),\"decision\":".utf8) + decided.json + Array("}".utf8)
        case .allow: return Array(allow.utf8)
        case .decision(let names): return names.isEmpty ? Array(decided.json) : Self.part(names[...], of: Array(decided.json))
        case .undefined: return nil
        }
    }

    private static func part(_ names: ArraySlice<String>, of json: [UInt8]) -> [UInt8]? {
        // What we have written ourselves can be parsed.
        guard var value = try? JSONParser.parse(json) else { return nil }
        for name in names {
            let items = value.arrayValue
            if let items, let place = Int(name), items.indices.contains(place) {
                value = items[place]
            } else if let member = value[name] {
                value = member
            } else {
                return nil
            }
        }
        return JSONWriter.bytes(value)
    }
}
