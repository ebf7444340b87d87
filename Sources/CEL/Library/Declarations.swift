/// One overload of a function of the library, as the checker sees it.
struct Declaration: Sendable {
    var function: CELFunction
    var isReceiver: Bool
    var parameters: [CELType]
    var result: CELType
}

/// All overloads by name, in the order in which they are tried.
enum Declarations {
    static let all: [String: [Declaration]] = {
        var table: [String: [Declaration]] = [:]
        for (name, declaration) in operators + standard + temporal + optionals + strings + math + collections + network {
            table[name, default: []].append(declaration)
        }
        return table
    }()

    typealias Entry = (String, Declaration)

    /// `name(parameters) -> result`
    static func function(_ name: String, _ function: CELFunction, _ overloads: ([CELType], CELType)...) -> [Entry] {
        overloads.map { (name, Declaration(function: function, isReceiver: false, parameters: $0.0, result: $0.1)) }
    }

    /// `parameters[0].name(the other parameters) -> result`
    static func method(_ name: String, _ function: CELFunction, _ overloads: ([CELType], CELType)...) -> [Entry] {
        overloads.map { (name, Declaration(function: function, isReceiver: true, parameters: $0.0, result: $0.1)) }
    }

    static let a = CELType.parameter("A")
    static let b = CELType.parameter("B")
    static let anyList = CELType.list(a)
    static let anyMap = CELType.map(a, b)
}
