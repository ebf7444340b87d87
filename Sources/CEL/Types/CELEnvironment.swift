/// What an expression may name: variables with their types, functions, and the container that relative names are resolved in.
public struct CELEnvironment: Sendable {
    /// A declared variable. Its name may be qualified (`com.example.x`).
    public struct Variable: Sendable {
        public var name: String
        public var type: CELType

        public init(_ name: String, _ type: CELType) {
            self.name = name
            self.type = type
        }
    }

    /// A place in the flat array of inputs that an evaluation is given.
    public struct Slot: Hashable, Sendable {
        public var path: [String]
        public var type: CELType
    }

    public let variables: [Variable]
    public let functions: [CELFunctionDeclaration]
    public let container: String
    /// Closed records are spread, one slot for each leaf field, depth first in declaration order; anything else takes one slot.
    /// The slot of an open record holds a map.
    public let slots: [Slot]
    /// Variable name → (index in `variables`, first slot).
    private let places: [String: (variable: Int, slot: Int)]

    public init(variables: [Variable], container: String = "", functions: [CELFunctionDeclaration] = []) {
        self.variables = variables
        self.container = container
        self.functions = functions
        var slots: [Slot] = []
        var places: [String: (variable: Int, slot: Int)] = [:]
        for (index, variable) in variables.enumerated() {
            places[variable.name] = (index, slots.count)
            Self.spread(variable.type, path: [variable.name], into: &slots)
        }
        self.slots = slots
        self.places = places
    }

    private static func spread(_ type: CELType, path: [String], into slots: inout [Slot]) {
        guard case .record(let record) = type, !record.isOpen else {
            slots.append(Slot(path: path, type: type))
            return
        }
        for field in record.fields { spread(field.type, path: path + [field.name], into: &slots) }
    }

    /// The type and first slot of a variable with exactly this name.
    func place(of name: String) -> (type: CELType, slot: Int)? {
        guard let place = places[name] else { return nil }
        return (variables[place.variable].type, place.slot)
    }

    /// A name as it may be meant in this container, most qualified first (cel-spec langdef: Name Resolution).
    func candidates(for name: String, isAbsolute: Bool) -> [String] {
        guard !isAbsolute, !container.isEmpty else { return [name] }
        var result: [String] = []
        var prefix = Substring(container)
        while !prefix.isEmpty {
            result.append(prefix + "." + name)
            guard let dot = prefix.lastIndex(of: ".") else { break }
            prefix = prefix[..<dot]
        }
        result.append(name)
        return result
    }
}
