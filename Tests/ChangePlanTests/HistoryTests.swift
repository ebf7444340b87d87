import ChangePlan
import Foundation
import Git
import GovernanceModel
import PolicyCompiler
import TestSupport
import Testing

/// Plans along a real organisation's history.
@Suite struct HistoryTests {
    /// What a plan says, so that two in a row can be put together.
    private struct Sum: Equatable {
        /// By document: what it said and what it says.
        var documents: [String: Pair<String>] = [:]
        /// By subject, and by what it has: whether it had it and has it.
        var memberships: [String: Pair<Bool>] = [:]
        /// By subject, action and resource.
        var access: [String: Pair<AccessEffect.Access>] = [:]

        struct Pair<Value: Equatable & Sendable>: Equatable {
            var before: Value?
            var after: Value?
        }

        init() {}

        init(_ plan: ChangePlan) {
            for change in plan.documents {
                documents[change.id] = Pair(before: change.before.map { "\($0)" }, after: change.after.map { "\($0)" })
            }
            for change in plan.subjects {
                let name = "\(change.subject.type):\(change.subject.name)"
                if change.action != .changed {
                    memberships[name] = Pair(before: change.action == .removed, after: change.action == .added)
                }
                for role in change.rolesGained { memberships["\(name) role \(role)"] = Pair(before: false, after: true) }
                for role in change.rolesLost { memberships["\(name) role \(role)"] = Pair(before: true, after: false) }
                for team in change.teamsJoined { memberships["\(name) team \(team)"] = Pair(before: false, after: true) }
                for team in change.teamsLeft { memberships["\(name) team \(team)"] = Pair(before: true, after: false) }
            }
            for effect in plan.access {
                for subject in effect.subjects {
                    for change in effect.changes {
                        access["\(subject.type):\(subject.name) \(change.action) \(change.resource)"] = Pair(
                            before: change.before, after: change.after)
                    }
                }
            }
        }

        mutating func add(_ next: Sum) {
            Self.add(&documents, next.documents)
            Self.add(&memberships, next.memberships)
            Self.add(&access, next.access)
        }

        /// What was changed and changed back is no change.
        private static func add<Value>(_ sum: inout [String: Pair<Value>], _ next: [String: Pair<Value>]) {
            for (key, pair) in next {
                var whole = pair
                if let known = sum[key] {
                    #expect(known.after == pair.before, "\(key): each plan begins where the one before ends")
                    whole.before = known.before
                }
                sum[key] = whole.before == whole.after ? nil : whole
            }
        }
    }

    @Test(.enabled(if: SharedFiles.path("data/org-history.bundle") != nil, "the history of an organisation is not at hand"))
    func `the plans of all neighbouring commits come to the plan from the first to the last`() throws {
        let bundle = try #require(SharedFiles.path("data/org-history.bundle"))
        try TemporaryFolder.with { folder in
            let clone = try ChildProgram(["git", "clone", "--quiet", "--bare", bundle, folder + "/history.git"], in: folder)
            #expect(try clone.wait() == 0, "\(clone.errors)")
            let list = try ChildProgram(["git", "rev-list", "--reverse", "--topo-order", "main"], in: folder + "/history.git")
            #expect(try list.wait() == 0, "\(list.errors)")
            let ids = list.output.split(separator: "\n").map(String.init)
            #expect(ids.count == 297)
            let repository = try GitRepository(opening: folder + "/history.git")
            let reader = RepositoryReader()
            let memory = CompilerMemory()
            func version(_ id: String) throws -> ChangePlan.Version {
                let commit = try repository.resolve(id)
                let snapshot = try reader.read(repository, commit: commit)
                let origin = BundleOrigin(commit: id, tree: id, time: 0)
                let result = PolicyCompiler.compile(
                    snapshot.governance, origin: origin, isLinked: !snapshot.diagnostics.hasErrors, now: 0, memory: memory)
                return ChangePlan.Version(name: id, governance: snapshot.governance, bundle: try #require(result.bundle))
            }
            let first = try version(ids[0])
            var before = first
            var sum = Sum()
            for id in ids.dropFirst() {
                let after = try version(id)
                sum.add(Sum(try ChangePlan(from: before, to: after, now: PlanCase.now)))
                before = after
            }
            let whole = Sum(try ChangePlan(from: first, to: before, now: PlanCase.now))
            #expect(sum.documents == whole.documents)
            #expect(sum.memberships == whole.memberships)
            #expect(sum.access == whole.access)
            #expect(!whole.documents.isEmpty && !whole.memberships.isEmpty)
        }
    }
}
