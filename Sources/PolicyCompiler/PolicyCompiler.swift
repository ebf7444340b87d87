import Diagnostics
import GovernanceModel
import PolicyBundle

/// Where a bundle's documents come from.
public struct BundleOrigin: Sendable {
    /// Object ids in hexadecimal.
    public var commit: String
    public var tree: String
    /// Committer's time in seconds since 1970.
    public var time: Int64

    public init(commit: String, tree: String, time: Int64) {
        self.commit = commit
        self.tree = tree
        self.time = time
    }
}

/// Turns linked documents into a bundle.
public enum PolicyCompiler {
    /// Written into every bundle; a compiler that would write other bytes for the same commit has another version.
    public static let version = "0.3.0"

    public struct Result: Sendable {
        /// The bundle; `nil` if there is an error among the diagnostics.
        public var bundle: [UInt8]?
        /// Findings of this stage; those of reading and linking are not repeated.
        public var diagnostics: [Diagnostic]
    }

    /// Checks the meaning of `governance` and, if there is no error in it, writes its bundle.
    ///
    /// - Parameters:
    ///   - isLinked: whether reading and linking found no error; if not, only checks are made.
    ///   - now: seconds since 1970, for findings such as an exemption that has expired. It never changes a byte of the bundle.
    public static func compile(_ governance: Governance, origin: BundleOrigin?, isLinked: Bool, now: Int64) -> Result {
        guard let organization = governance.organization else {
            // What subjects and requests look like is not known: only what is wrong in any case is told.
            var conditions = ConditionCompiler(organization: nil)
            _ = CompiledConditions(governance, &conditions)
            return Result(bundle: nil, diagnostics: conditions.diagnostics.inReadingOrder())
        }
        var checker = SemanticChecker(governance: governance, organization: organization, now: now)
        checker.check()
        var conditions = ConditionCompiler(organization: organization)
        let policies = CompiledConditions(governance, &conditions)
        let found = checker.diagnostics + conditions.diagnostics
        guard isLinked, !found.hasErrors, let origin else {
            return Result(bundle: nil, diagnostics: (found + checker.subjectDiagnostics()).inReadingOrder())
        }
        // Subjects are checked while the bundle is written, which none of their errors can harm; it is thrown away if there are any.
        let aside = Aside { [checker] in checker.subjectDiagnostics() }
        var emitter = BundleEmitter(governance: governance, organization: organization, conditions: policies, environment: conditions.base)
        let emitted = Swift.Result { () throws(BundleError) in try emitter.emit(origin: origin) }
        let subjects = aside.value()
        let diagnostics = (found + subjects).inReadingOrder()
        if subjects.hasErrors { return Result(bundle: nil, diagnostics: diagnostics) }
        switch emitted {
        case .success(let bytes): return Result(bundle: bytes, diagnostics: diagnostics)
        case .failure(let error):
            let span = governance.all(.organization).first?.span ?? SourceSpan(startOf: "organization.yaml")
            let tooLarge = Diagnostic(.bundleTooLarge, error.message, at: span, help: "split the organisation")
            return Result(bundle: nil, diagnostics: diagnostics + [tooLarge])
        }
    }
}
