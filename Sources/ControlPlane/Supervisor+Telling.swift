import Diagnostics
import Git
import Reconciler

/// What `charter up` tells while it runs.
extension Supervisor {
    func tell(_ outcome: BranchFollower.Outcome?) {
        switch outcome {
        case nil: break
        case .inForce(let compiled, let digest)?:
            let commit = "\(compiled.commit.id.description.prefix(12)) is in force: \(compiled.commit.summary)"
            emit(.info("commit \(commit), bundle sha256:\(digest.prefix(12))"))
        case .withheld(let compiled, let plan)?: tellWithheld(compiled, plan)
        case .untrusted(let commit, let refusal)?: tellUntrusted(commit, refusal)
        case .refused(let compiled)?:
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            emit(.warning("commit \(compiled.commit.id.description.prefix(12)) is refused; the last good bundle stays in force"))
        }
    }

    /// - Parameter applied: whether to tell what was applied; at the start the summary does.
    func tell(_ check: DatabaseKeeper.Check?, applied: Bool) {
        guard let check else { return }
        if let plan = check.overtaken {
            emit(.warning("drift, overtaken by the new commit: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
        }
        guard check.isNews, applied else { return }
        let result = check.result
        switch result.outcome {
        case .unchanged, .reported: break
        case .applied: emit(.info("applied to the database: \(result.plan.summary)\n\(result.plan.text(limit: 10, showsFields: false))"))
        case .corrected:
            emit(.warning("drift corrected: \(result.plan.differences.count) object(s)\n\(result.plan.text(limit: 10))"))
        }
        if !result.left.isEmpty {
            let why = result.fights.isEmpty ? "left as it is" : "changed back again and again, and left as it is"
            emit(.warning("drift, \(why): \(result.left.differences.count) object(s)\n\(result.left.text(limit: 10))"))
        }
    }

    func tellUntrusted(_ commit: GitObjectID, _ refusal: TrustRefusal) {
        emit(
            .warning(
                "commit \(commit.description.prefix(12)) is not trusted, and the last good bundle stays in force: \(refusal.description)"))
    }

    func tellWithheld(_ compiled: CompiledCommit, _ plan: RefusedPlan) {
        let way = plan.canBeApproved ? "; if that is meant, `charter reconcile` names the plan to approve" : ""
        emit(
            .warning(
                "commit \(compiled.commit.id.description.prefix(12)) is withheld, and the last good bundle stays in force: "
                    + plan.reasons.joined(separator: "; ") + way))
    }
}
