import PolicyEngine

/// What a change does to the access of some subjects who are all affected alike.
public struct AccessEffect: Sendable, Equatable {
    /// How often the requests that were tried for a subject, an action and a resource are allowed.
    public enum Access: String, Sendable, Comparable {
        case never
        /// It depends on what the request says.
        case sometimes
        case always

        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .never: 0
            case .sometimes: 1
            case .always: 2
            }
        }
    }

    /// What became of an action on a resource.
    public struct Change: Sendable, Equatable {
        public var action: String
        /// `type:id`; of a declared type the id, or the glob, that some document names.
        public var resource: String
        public var before: Access
        public var after: Access
        /// A request that was denied and is allowed, if there is one.
        public var gained: Witness?
        /// A request that was allowed and is denied, if there is one.
        public var lost: Witness?
        /// Whether only a part of the requests that could differ was tried.
        public var isSampled: Bool
    }

    /// A request that shows it.
    public struct Witness: Sendable, Equatable {
        /// As JSON.
        public var request: String
        /// Nanoseconds since 1970.
        public var time: Int64
    }

    public typealias Subject = PolicyEngine.NamedSubject

    /// By type and name.
    public var subjects: [Subject]
    /// By action and resource.
    public var changes: [Change]
    /// What was changed that has to do with it: `Role/analyst`, `Policy/eu-only`, `Model/openai/gpt-5.4`, or a subject's own part.
    public var causes: [String]
}

/// What became of a policy that was added, removed or changed, where somebody could be affected.
public struct PolicyShift: Sendable, Equatable {
    public var policy: String
    /// A request on which it is harder than before.
    public var stricter: AccessEffect.Witness?
    /// A request on which it is softer than before.
    public var looser: AccessEffect.Witness?

    /// `stricter`, `looser`, `stricter and looser`, or `same effect`.
    public var verdict: String {
        switch (stricter != nil, looser != nil) {
        case (true, true): "stricter and looser"
        case (true, false): "stricter"
        case (false, true): "looser"
        case (false, false): "same effect"
        }
    }
}
