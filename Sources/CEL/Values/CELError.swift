/// An error as a value: what an evaluation gives in place of a result, absorbed by `&&`, `||` and `?:` as specified.
public struct CELError: Error, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case noSuchKey, noSuchOverload, divideByZero, overflow, invalidArgument, conversion, duplicateKey, undeclared, pattern
        /// The evaluation was stopped: it took more steps than its budget.
        case budget
        /// The program is not one that the verifier would pass.
        case malformed
    }

    private final class Content: Sendable {
        let kind: Kind
        let message: String

        init(kind: Kind, message: String) {
            self.kind = kind
            self.message = message
        }
    }

    // Boxed so that an error is one word and values stay small.
    private let content: Content

    public init(_ kind: Kind, _ message: String) { content = Content(kind: kind, message: message) }

    public var kind: Kind { content.kind }
    public var message: String { content.message }
}

extension CELError: Hashable, CustomStringConvertible {
    public static func == (left: CELError, right: CELError) -> Bool { left.kind == right.kind && left.message == right.message }

    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    public var description: String { message }
}

extension CELValue {
    static func failure(_ kind: CELError.Kind, _ message: String) -> CELValue { .error(CELError(kind, message)) }

    static func noSuchKey(_ key: String) -> CELValue { failure(.noSuchKey, "no such key: \(key)") }

    static var overflow: CELValue { failure(.overflow, "overflow") }

    static var budgetExceeded: CELValue { failure(.budget, "evaluation exceeded its budget") }

    static var malformed: CELValue { failure(.malformed, "malformed program") }

    /// The operands' first error, or that no overload takes their types.
    static func noOverload(_ function: String, _ operands: CELValue...) -> CELValue {
        noOverload(function, operands: operands)
    }

    static func noOverload(_ function: String, operands: [CELValue]) -> CELValue {
        for operand in operands { if case .error = operand { return operand } }
        return failure(.noSuchOverload, "no such overload: \(function)(\(operands.map(\.typeName).joined(separator: ", ")))")
    }
}
