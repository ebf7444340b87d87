/// Fields and elements (cel-spec langdef: Field Selection). On an optional, they give an optional.
enum Access {
    static func field(_ value: CELValue, _ name: String) -> CELValue {
        switch value {
        case .map(let map): return map[name] ?? .noSuchKey(name)
        case .optional(nil): return value
        case .optional(let wrapped?): return optionalField(wrapped, name)
        case .error: return value
        default: return .noOverload("select \(name)", value)
        }
    }

    static func optionalField(_ value: CELValue, _ name: String) -> CELValue {
        switch value {
        case .map(let map): .optional(map[name])
        case .optional(nil): value
        case .optional(let wrapped?): optionalField(wrapped, name)
        default: .noOverload("select \(name)", value)
        }
    }

    static func has(_ value: CELValue, _ name: String) -> CELValue {
        switch value {
        case .map(let map): .bool(map[name] != nil)
        case .optional(nil): .bool(false)
        case .optional(let wrapped?): has(wrapped, name)
        default: .noOverload("has \(name)", value)
        }
    }

    static func index(_ value: CELValue, _ key: CELValue) -> CELValue {
        if case .error = key { return key }
        switch value {
        case .optional(nil): return value
        case .optional(let wrapped?): return optionalIndex(wrapped, key)
        case .list(let list):
            guard let position = position(key) else { return .failure(.invalidArgument, "invalid index of a list: \(key.typeName)") }
            guard list.indices.contains(position) else { return .failure(.invalidArgument, "index out of bounds: \(position)") }
            return list[position]
        case .map(let map): return map[key] ?? .noSuchKey(key.text)
        default: return .noOverload("index", value, key)
        }
    }

    static func optionalIndex(_ value: CELValue, _ key: CELValue) -> CELValue {
        if case .error = key { return key }
        switch value {
        case .optional(nil): return value
        case .optional(let wrapped?): return optionalIndex(wrapped, key)
        case .list(let list):
            guard let position = position(key) else { return .failure(.invalidArgument, "invalid index of a list: \(key.typeName)") }
            return .optional(list.indices.contains(position) ? list[position] : nil)
        case .map(let map): return .optional(map[key])
        default: return .noOverload("index", value, key)
        }
    }

    /// A number without a fraction, of any type.
    private static func position(_ key: CELValue) -> Int? {
        switch key {
        case .int(let value): Int(value)
        case .uint(let value): Int(clamping: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
}
