extension CELFunction {
    /// The name that it is called by, for messages.
    var name: String { Self.names[self] ?? "\(self)" }

    private static let names: [CELFunction: String] = {
        var names: [CELFunction: String] = [:]
        for (name, declarations) in Declarations.all {
            for declaration in declarations { names[declaration.function] = name }
        }
        for (name, function) in Checker.variadic { names[function] = name }
        // These have two names.
        names[.optionalUnwrap] = "unwrapOpt"
        return names
    }()
}
