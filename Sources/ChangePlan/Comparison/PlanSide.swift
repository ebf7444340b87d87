import CEL
import GovernanceModel
import PolicyBundle
import PolicyEngine

/// One of the two versions that are compared: its documents, and its bundle ready to decide.
///
/// Belongs to one thread at a time.
final class PlanSide {
    let governance: Governance
    let engine: PolicyEngine
    let session: DecisionSession
    var bundle: PolicyBundle { engine.bundle }
    private var permissionTerms: [Int: ConditionTerms] = [:]
    private var policyTerms: [Int: ConditionTerms] = [:]
    private var denying: [Int: Bool] = [:]
    /// The paths and types of the slots that conditions read, by slot.
    let slots: [(path: String, type: String)]
    let signatures: BundleSignatures
    /// Policies that somebody is exempt from.
    let exempted: Set<String>

    init(_ governance: Governance, _ bundle: [UInt8]) throws(BundleError) {
        self.governance = governance
        engine = try PolicyEngine(try PolicyBundle(bytes: bundle))
        session = DecisionSession(engine)
        let bundle = engine.bundle
        slots = (0..<bundle.count(.slot)).map { row in
            (bundle.string(Int(bundle.word(.slot, row, 0))), bundle.string(Int(bundle.word(.slot, row, 1))))
        }
        signatures = BundleSignatures(bundle)
        exempted = Set(signatures.exemptions.values.flatMap(\.policies))
    }

    // MARK: Requests

    /// Reads a request and calls `body` while it stands.
    ///
    /// - Returns: nil if this version refuses the request as none.
    @discardableResult
    func withDecoded<Value>(_ request: [UInt8], now: Int64, _ body: (DecisionSession) -> Value) -> Value? {
        request.withUnsafeBytes { bytes in
            do throws(RequestError) {
                try session.decode(bytes, now: now)
                return body(session)
            } catch {
                return nil
            }
        }
    }

    // MARK: Conditions

    func terms(ofPermission row: Int) -> ConditionTerms {
        if let known = permissionTerms[row] { return known }
        let condition = bundle.word(.perm, row, PermissionColumn.condition)
        let terms = condition == BundleFormat.none ? ConditionTerms() : terms([Int(condition)])
        permissionTerms[row] = terms
        return terms
    }

    /// Of a policy's rules and variables.
    func terms(ofPolicy row: Int) -> ConditionTerms {
        if let known = policyTerms[row] { return known }
        var conditions = bundle.list(.poli, row, PolicyColumn.variables)
        for rule in bundle.records(.poli, row, PolicyColumn.rules) {
            let condition = bundle.word(.rule, rule, RuleColumn.condition)
            if condition != BundleFormat.none { conditions.append(Int(condition)) }
        }
        let terms = terms(conditions)
        policyTerms[row] = terms
        return terms
    }

    /// The row of `poli` of the policy at a place in the match index.
    func policy(at place: Int) -> Int { bundle.index(.plac, place, PlaceColumn.policy) }

    func name(ofPolicy row: Int) -> String { bundle.string(.poli, row, PolicyColumn.name) }

    /// Whether a policy is strict and has a rule that denies.
    func isDenying(policy row: Int) -> Bool {
        if let known = denying[row] { return known }
        let denies =
            bundle.word(.poli, row, PolicyColumn.enforcement) == 0
            && bundle.records(.poli, row, PolicyColumn.rules).contains {
                RuleColumn.refusals.contains(bundle.word(.rule, $0, RuleColumn.effect))
            }
        denying[row] = denies
        return denies
    }

    private func terms(_ conditions: [Int]) -> ConditionTerms {
        var terms = ConditionTerms()
        for condition in conditions {
            for slot in bundle.program(condition).slotsRead where slot < slots.count { terms.paths[slots[slot].path] = slots[slot].type }
            terms.words.formUnion(CELVocabulary(of: bundle.string(.prog, condition, ProgramColumn.text)))
        }
        return terms
    }
}

/// What conditions read, and the words that stand in them.
struct ConditionTerms {
    /// Types by path: `context.region`.
    var paths: [String: String] = [:]
    var words = CELVocabulary()

    /// Whether conditions read something that is known of the subject beforehand; and of the resource, and the action.
    var readsSubject: Bool { paths.keys.contains { $0.hasPrefix("subject.") && $0 != "subject.properties" } }
    var readsResource: Bool { paths.keys.contains { $0.hasPrefix("resource.") || $0.hasPrefix("estimate.") } }
    var readsAction: Bool { paths["action.name"] != nil }

    /// Whether two subjects who are alike in roles, teams and attributes may be told apart.
    var tellsSubjectsApart: Bool { paths["subject.id"] != nil || paths["subject.email"] != nil }
}
