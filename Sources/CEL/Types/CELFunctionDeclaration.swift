/// A function that the caller declares for the checker. It has no body: calling it when evaluated is an error value.
public struct CELFunctionDeclaration: Hashable, Sendable {
    /// One signature. A receiver-style overload has its receiver as the first parameter.
    public struct Overload: Hashable, Sendable {
        public var parameters: [CELType]
        public var result: CELType
        public var isReceiverStyle: Bool

        public init(parameters: [CELType], result: CELType, isReceiverStyle: Bool = false) {
            self.parameters = parameters
            self.result = result
            self.isReceiverStyle = isReceiverStyle
        }
    }

    public var name: String
    public var overloads: [Overload]

    public init(name: String, overloads: [Overload]) {
        self.name = name
        self.overloads = overloads
    }
}
