/// What is known of inputs beyond their types, by which more can be proved about conditions.
public struct CELKnowledge: Sendable {
    /// Of one slot.
    public struct Slot: Sendable {
        /// Whether every evaluation gives it a value.
        public var isAlwaysPresent: Bool
        /// The only texts that it can be, or that a list in it can hold.
        public var texts: [String]?
        /// The least value it can have, of the slot's own type: a number or a timestamp.
        public var least: CELValue?
        /// Whether a number in it is one: never NaN.
        public var isNumber: Bool

        public init(isAlwaysPresent: Bool = false, texts: [String]? = nil, least: CELValue? = nil, isNumber: Bool = true) {
            self.isAlwaysPresent = isAlwaysPresent
            self.texts = texts
            self.least = least
            self.isNumber = isNumber
        }
    }

    /// By the slot's path: `subject.attributes.region`.
    public var slots: [String: Slot]

    public init(slots: [String: Slot] = [:]) { self.slots = slots }
}
