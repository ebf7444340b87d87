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
    public static let version = "0.4.0"

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
    ///   - memory: what was kept of the version before, and takes up what is to be kept of this one.
    public static func compile(
        _ governance: Governance, origin: BundleOrigin?, isLinked: Bool, now: Int64, memory: CompilerMemory = CompilerMemory()
    ) -> Result {
        guard let document = governance.all(.organization).first, let organization = governance.organization else {
            // What subjects and requests look like is not known: only what is wrong in any case is told.
            let conditions = CompiledConditions(governance, ConditionCompiler(organization: nil))
            let inTemplates = conditions.templateDiagnostics
            let found = inTemplates + conditions.diagnostics.without(foundInTemplates: inTemplates)
            return Result(bundle: nil, diagnostics: found.inReadingOrder())
        }
        memory.prepare(for: document)
        let known = memory.checked
        var checker = SemanticChecker(organization: organization, now: now)
        checker.check()
        // Subjects are checked beside everything else; none of their errors can harm it, and what it comes to is thrown away if there are any.
        let aside = Aside { [checker] in CheckedDocuments.findings(SemanticChecker.subjectKinds, governance, known: known, checker) }
        var findings = CheckedDocuments.findings(SemanticChecker.otherKinds, governance, known: known, checker)
        let compiler = ConditionCompiler(organization: organization)
        let conditions = CompiledConditions(governance, compiler, known: memory.conditions)
        memory.conditions = conditions
        let inTemplates = findings.templateDiagnostics + conditions.templateDiagnostics
        let found = checker.diagnostics + inTemplates + findings.diagnostics + conditions.diagnostics
        var worked: (closures: Closures, subjects: SubjectMemory)?
        if isLinked, !found.hasErrors {
            var closures = memory.closures.flatMap { $0.next(governance) } ?? Closures(governance)
            memory.closures = closures
            let subjects = SubjectMemory(
                governance, attributes: organization.subjectAttributes.map(\.name.value), &closures, known: memory.subjects)
            memory.subjects = subjects
            worked = (closures, subjects)
        }
        // The bundle is written beside the checks that follow, and so thrown away if those find an error.
        var emission: Aside<Swift.Result<[UInt8], BundleError>>?
        if let origin, let (closures, subjects) = worked {
            emission = Aside { [environment = compiler.base] in
                var emitter = BundleEmitter(
                    governance: governance, organization: organization, conditions: conditions, environment: environment,
                    closures: closures, subjects: subjects)
                return Swift.Result { () throws(BundleError) in try emitter.emit(origin: origin) }
            }
        }
        findings.merge(aside.value()) { $1 }
        memory.checked = CheckedDocuments(organization: document, governance: governance, findings: findings)
        var diagnostics =
            checker.diagnostics + inTemplates + (findings.diagnostics + conditions.diagnostics).without(foundInTemplates: inTemplates)
        if isLinked, !diagnostics.hasErrors, let worked {
            var closures = worked.closures
            let holders = RoleHolders(governance, closures, known: memory.holders)
            memory.holders = holders
            let reach = PolicyReach(governance, organization, closures)
            let endedModels = EndedModels(governance, holders, reach, conditions, environment: compiler.base, now: now)
            diagnostics += OrganizationChecker.findings(governance, closures, holders: holders, endedModels: endedModels, now: now)
            diagnostics += DefinedValues.findings(governance, organization, conditions)
            let population = SubjectPopulation(governance, worked.subjects, &closures)
            let idle = IdlePolicies.findings(governance, reach, population, now: now)
            diagnostics += idle.values + ShadowedRules.findings(governance, reach, conditions, idle: Set(idle.keys))
            diagnostics += PolicyTestChecker.findings(governance)
        }
        diagnostics = diagnostics.inReadingOrder()
        let emitted = emission?.value()
        if diagnostics.hasErrors { return Result(bundle: nil, diagnostics: diagnostics) }
        switch emitted {
        case nil: return Result(bundle: nil, diagnostics: diagnostics)
        case .success(let bytes): return Result(bundle: bytes, diagnostics: diagnostics)
        case .failure(let error):
            let tooLarge = Diagnostic(.bundleTooLarge, error.message, at: document.span, help: "split the organisation")
            return Result(bundle: nil, diagnostics: diagnostics + [tooLarge])
        }
    }
}
