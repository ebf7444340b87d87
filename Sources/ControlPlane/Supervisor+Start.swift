import DecisionLog
import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel
import HTTPService
import JSON
import PolicyBundle
import PolicyEngine
import Reconciler

/// How `charter up` starts.
extension Supervisor {
    /// Brings the mirror up to date. With a mirror of an earlier run, a remote that is out of reach only delays news.
    func fetch(_ source: GitSource, _ state: StateDirectory, _ follower: BranchFollower) throws(ControlError) {
        guard source.isRemote else { return }
        emit(.step("fetching \(source.description)"))
        do throws(ControlError) {
            try follower.refresh { stopping.isSet }
        } catch {
            if stopping.isSet { return }
            guard error.status == .tryAgain, FileManager.default.fileExists(atPath: state.mirror) else { throw error }
            emit(.warning("repository: \(error.message); going on with what was fetched before"))
        }
    }

    func makeShadow(_ source: ReplicaSource) throws(ControlError) -> ShadowFollower {
        try ShadowFollower(source, share: configuration.shadowShare, trustedKeys: nil) { [emit] text, isTrouble in
            emit(isTrouble ? .warning(text) : .info(text))
        }
    }

    func makeServer(
        _ access: RunningAccess, _ log: DecisionLog?, _ runtime: RuntimeStore, _ declared: DeclaredStore, _ shadow: ShadowBundle?
    ) throws(ControlError) -> EnforcementServer {
        var settings = EnforcementServer.Configuration(host: configuration.host, port: configuration.port)
        settings.shadow = shadow
        settings.apply(access)
        settings.hooks = configuration.webhooks.map { receipt in HookReceiver(receipt) { [wanted] in wanted.followerWake.signal() } }
        settings.publicURL = configuration.publicURL
        settings.log = log
        settings.ownLog = configuration.log
        settings.logsRequests = configuration.logsRequests
        settings.runtime = runtime
        settings.declared = declared
        settings.changeCheck = CommitChangeCheck(wanted, folder: configuration.folder)
        do throws(MetricsError) {
            return try EnforcementServer(settings, store: BundleStore(), status: ServiceStatus())
        } catch {
            throw ControlError(.internalError, "\(error)")
        }
    }

    struct FirstCommit {
        var commit: String
        var digest: String
        var documents: Int
        var refused: String?

        init(commit: String, digest: String, documents: Int, refused: String?) {
            self.commit = commit
            self.digest = digest
            self.documents = documents
            self.refused = refused
        }

        /// What an earlier run had in force.
        init(_ restored: PolicyEngine, refused: String?) {
            self.init(
                commit: restored.commit, digest: restored.digest, documents: Int(restored.bundle.word(.meta, 0, MetaColumn.documents)),
                refused: refused)
        }
    }

    /// Puts the newest commit in force; if it may not be, the last good one of an earlier run.
    func firstCommit(_ follower: BranchFollower, held: String?) throws(ControlError) -> FirstCommit {
        let refused: String?
        let why: String
        let outcome: BranchFollower.Outcome?
        do throws(ControlError) {
            outcome = try follower.look()
        } catch {
            // What cannot be read must not end what was decided by before.
            guard let restored = follower.restoreLastGood(held: held) else { throw error }
            emit(.warning("repository: \(error.message); the last good bundle stays in force"))
            return FirstCommit(restored, refused: nil)
        }
        switch outcome {
        case .inForce(let compiled, let digest):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: false))
            return FirstCommit(
                commit: compiled.commit.id.description, digest: digest, documents: compiled.snapshot.governance.count, refused: nil)
        case .withheld(let compiled, let plan):
            tellWithheld(compiled, plan)
            (refused, why) = (compiled.commit.id.description, "takes too much away")
        case .refused(let compiled):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            (refused, why) = (compiled.commit.id.description, "has errors")
        case .untrusted(let commit, let refusal):
            tellUntrusted(commit, refusal)
            (refused, why) = (commit.description, "is not trusted (\(refusal.reason.rawValue))")
        case nil: (refused, why) = (nil, "")
        }
        guard let restored = follower.restoreLastGood(held: held) else {
            guard let refused else {
                throw ControlError(.input, "reconciling is suspended, and there is no earlier commit to serve; `charter resume` ends that")
            }
            throw ControlError(.input, "commit \(refused.prefix(12)) \(why), and there is no earlier bundle to fall back to")
        }
        return FirstCommit(restored, refused: refused)
    }

    private func commands(_ url: String, _ database: Database, _ server: EnforcementServer, _ wanted: WantedState) -> [TryCommand] {
        guard let engine = server.store.current?.engine else { return [] }
        let examples = ExampleRequests.find(engine, now: WallClock.now())
        // A certificate that this machine does not trust, and a key that only its owner has, are for whoever tries it to fill in.
        let proof =
            (configuration.access.tls == nil ? "" : " --cacert CA.pem")
            + (configuration.access.isAuthenticated ? " -H \"Authorization: Bearer $CHARTER_API_KEY\"" : "")
        func curl(_ body: JSONValue) -> String {
            "curl -s\(proof) \(url)/v1/decisions -H 'Content-Type: application/json' \\\n      -d '\(JSONWriter.text(body))'"
        }
        var commands: [TryCommand] = []
        if let allowed = examples.allowed { commands.append(TryCommand(what: "a request that is allowed", command: curl(allowed.body))) }
        if let denied = examples.denied {
            commands.append(TryCommand(what: "one that is denied (\(denied.reason))", command: curl(denied.body)))
        }
        // Users come before service accounts.
        if let wanted = wanted.current, engine.bundle.count(.subj) > 0,
            engine.bundle.word(.subj, 0, SubjectColumn.flags) & SubjectColumn.serviceAccount == 0
        {
            let name = engine.bundle.string(.subj, 0, SubjectColumn.name)
            let change = "UPDATE \(configuration.namespace.schema).users SET email = 'someone@else.example' WHERE name = '\(name)'"
            let fate = wanted.driftPolicy.corrects(.user) ? "found and corrected" : "found and reported"
            commands.append(
                TryCommand(
                    what: "drift: a change by hand, which is \(fate)",
                    command: "\(database.psql) -c \"\(change)\"; sleep 1; curl -s\(proof) \(url)/v1/drift"))
        }
        return commands
    }

    func summary(
        _ first: FirstCommit, url: String, database: Database, result: SyncResult?, server: EnforcementServer, wanted: WantedState
    ) -> Summary {
        let applied =
            switch result?.outcome {
            case nil: "nothing"
            case .unchanged?: "nothing: the database already holds this commit"
            case .reported?: "nothing: drift is only reported"
            case .applied?, .corrected?: result?.plan.summary ?? ""
            }
        return Summary(
            url: url, repository: GitMirror.redact(configuration.repository), reference: server.status.facts.source?.reference ?? "HEAD",
            commit: first.commit,
            digest: first.digest, documents: first.documents, database: database.description, applied: applied,
            refusedCommit: first.refused, commands: commands(url, database, server, wanted))
    }
}
