/// A parameter of a statement (`$1`, `$2`, …).
///
/// All but arrays and bytes are sent without a type, so the server takes the one the place calls for; where it cannot tell, write a cast
/// (`$1::uuid`).
public enum PostgresValue: Sendable, Hashable {
    case null
    case text(String)
    case int(Int64)
    case bool(Bool)
    /// `bytea`.
    case bytes([UInt8])
    /// `text[]`; for an array of another type write a cast (`$1::uuid[]`).
    case textArray([String])
    /// `bigint[]`.
    case intArray([Int64])

    /// Text, or `null`.
    public init(_ value: String?) { self = value.map(Self.text) ?? .null }
    /// An integer, or `null`.
    public init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
    /// A truth value, or `null`.
    public init(_ value: Bool?) { self = value.map(Self.bool) ?? .null }
}

extension PostgresValue: ExpressibleByNilLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: String...) { self = .textArray(elements) }
}
