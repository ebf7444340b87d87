import JSON

/// Documents that somebody would like to have in force, on top of those that are.
public struct ProposedChange: Sendable {
    /// Files by their paths in the repository; each takes the place of the one of its path.
    public var files: [(path: String, text: [UInt8])] = []
    /// Documents of no file; each takes the place of the one of its kind and name.
    public var documents: [UInt8]?
    /// Paths, or `Kind/name`.
    public var deletions: [String] = []

    public init() {}
}

/// Why a change was not checked at all.
public enum ChangeRefusal: Error, Sendable {
    /// What was asked for does not hold together.
    ///
    /// - Parameter pointer: into the body.
    case fault(pointer: String, detail: String)
    /// Nothing is in force yet.
    case notReady
}

/// Checks a change against what is in force, and says what it would do.
///
/// A server needs no compiler to decide; one that has a compiler beside it hands it in as this.
public protocol ChangeCheck: Sendable {
    /// Takes long, and is called by one thread at a time.
    ///
    /// - Returns: `{valid, commit, documents, diagnosticCount, diagnostics, plan}`.
    func check(_ change: ProposedChange) throws(ChangeRefusal) -> JSONValue
}
