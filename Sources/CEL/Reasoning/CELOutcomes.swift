/// What a condition may come to: true, false, or an error.
public struct CELOutcomes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let isFalse = CELOutcomes(rawValue: 1)
    public static let isTrue = CELOutcomes(rawValue: 2)
    public static let isError = CELOutcomes(rawValue: 4)
    public static let any: CELOutcomes = [.isFalse, .isTrue, .isError]

    /// The single outcomes in it.
    var each: [CELOutcomes] { [.isFalse, .isTrue, .isError].filter { contains($0) } }

    /// The outcome of a value of type `bool`.
    init(_ value: CELValue) {
        if case .bool(let isTrue) = value { self = isTrue ? .isTrue : .isFalse } else { self = .isError }
    }
}

/// Logic with errors (cel-spec langdef: Logical Operators), on all that the operands may come to. Of operands that depend on each other the
/// result may hold more than can be, never less.
extension CELOutcomes {
    static prefix func ! (operand: CELOutcomes) -> CELOutcomes {
        var result = operand.intersection(.isError)
        if operand.contains(.isTrue) { result.insert(.isFalse) }
        if operand.contains(.isFalse) { result.insert(.isTrue) }
        return result
    }

    /// False where one is false, an error where none is and one is an error.
    func and(_ other: CELOutcomes) -> CELOutcomes {
        var result = union(other).intersection(.isFalse)
        if contains(.isTrue), other.contains(.isTrue) { result.insert(.isTrue) }
        let (one, two) = (subtracting(.isFalse), other.subtracting(.isFalse))
        if !one.isEmpty, !two.isEmpty, one.contains(.isError) || two.contains(.isError) { result.insert(.isError) }
        // Where one has no outcome at all there is no evaluation to speak of.
        return isEmpty || other.isEmpty ? [] : result
    }

    func or(_ other: CELOutcomes) -> CELOutcomes { !(!self).and(!other) }

    /// `condition ? self : other`
    func or(_ other: CELOutcomes, by condition: CELOutcomes) -> CELOutcomes {
        var result = condition.intersection(.isError)
        if condition.contains(.isTrue) { result.formUnion(self) }
        if condition.contains(.isFalse) { result.formUnion(other) }
        return result
    }

    /// Whether it is anything but false.
    var held: CELOutcomes {
        var result = intersection(.isFalse)
        if !subtracting(.isFalse).isEmpty { result.insert(.isTrue) }
        return result
    }
}
