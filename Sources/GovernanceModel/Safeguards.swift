import JSON

/// What a commit may not take away by mistake.
extension Governance {
    /// The annotation that protects a document from being deleted.
    public static let protectAnnotation = "charter.dev/protect"

    /// The documents that are annotated as protected.
    public var protectedDocuments: [(kind: Kind, name: String)] {
        Kind.allCases.flatMap { kind in
            all(kind).filter { $0.annotations[Self.protectAnnotation] == .string("true") }.map { (kind, $0.name.value) }
        }
    }
}
