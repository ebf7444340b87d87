import JSON

/// What a commit may not take away by mistake.
extension Governance {
    /// The annotation that protects a document from being deleted.
    public static let protectAnnotation = "charter.dev/protect"

    /// The documents that are annotated as protected.
    public var protectedDocuments: [(kind: Kind, name: String)] {
        Kind.allCases.flatMap { kind in
            all(kind).filter(\.isProtected).map { (kind, $0.plainName) }
        }
    }
}

extension Document {
    fileprivate var isProtected: Bool { annotations[Governance.protectAnnotation] == .string("true") }
}
