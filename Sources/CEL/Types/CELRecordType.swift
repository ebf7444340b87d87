/// A struct type declared by the caller: its fields are known when an expression is checked.
public struct CELRecordType: Hashable, Sendable {
    /// A declared field.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var type: CELType

        public init(name: String, type: CELType) {
            self.name = name
            self.type = type
        }
    }

    public var name: String
    public var fields: [Field]
    /// An open record also has fields nobody declared; they are `dyn`, and its value is a map.
    public var isOpen: Bool

    public init(name: String, fields: [Field], isOpen: Bool = false) {
        self.name = name
        self.fields = fields
        self.isOpen = isOpen
    }

    /// The declared field of this name.
    public func field(named name: String) -> Field? { fields.first { $0.name == name } }
}

extension CELRecordType {
    /// How many slots the record takes when it is spread: one for each leaf.
    var leafCount: Int { fields.reduce(0) { $0 + $1.type.leafCount } }

    /// Where a field's first slot lies, counted from the record's first slot.
    func offset(of name: String) -> Int? {
        var offset = 0
        for field in fields {
            if field.name == name { return offset }
            offset += field.type.leafCount
        }
        return nil
    }
}

extension CELType {
    var leafCount: Int {
        if case .record(let record) = self, !record.isOpen { return record.leafCount }
        return 1
    }
}
