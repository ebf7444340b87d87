/// A map's key in the one form in which equal keys are equal.
enum CELMapKey: Hashable {
    /// A string that is its code points, not what Swift's `==` equates with them.
    struct Text: Hashable {
        let string: String

        init(_ string: String) { self.string = string }

        static func == (left: Text, right: Text) -> Bool { sameText(left.string, right.string) }

        func hash(into hasher: inout Hasher) {
            var string = string
            string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    case bool(Bool)
    case integer(Int64)
    case large(UInt64)
    case text(Text)

    /// Nil for what cannot equal any key.
    init?(_ value: CELValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .integer(value)
        case .uint(let value): self = Int64(exactly: value).map(CELMapKey.integer) ?? .large(value)
        case .double(let value):
            if let integer = Int64(exactly: value) {
                self = .integer(integer)
            } else if let integer = UInt64(exactly: value) {
                self = .large(integer)
            } else {
                return nil
            }
        case .string(let value): self = .text(Text(value))
        default: return nil
        }
    }

    func isEqual(to value: CELValue) -> Bool {
        switch (self, value) {
        case (.text(let text), .string(let other)): sameText(text.string, other)
        case (.integer(let number), .int(let other)): number == other
        case (.integer(let number), .uint(let other)): number == other
        case (.large(let number), .uint(let other)): number == other
        case (.bool(let flag), .bool(let other)): flag == other
        default: false
        }
    }
}
