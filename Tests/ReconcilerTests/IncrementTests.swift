import ControlPlane
import Diagnostics
import Foundation
import Git
import GovernanceModel
import Testing

@testable import Reconciler

/// What is worked out from the commit before is the same as what is worked out from nothing.
@Suite struct IncrementTests {
    private static let now: Int64 = 1_790_000_000

    /// A repository on disk that gets one commit after another.
    private final class History {
        let path = NSTemporaryDirectory() + "increment-\(UUID().uuidString)"
        let repository: GitRepository
        private var files: [String: String] = [:]
        private var head: GitObjectID?

        init() throws {
            try GitRepository.createBare(at: path)
            repository = try GitRepository(opening: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func commit(_ new: [String: String]) throws -> GitObjectID {
            var changes: [(String, [UInt8]?)] = []
            for (path, text) in new where files[path] != text { changes.append((path, Array(text.utf8))) }
            for path in files.keys where new[path] == nil { changes.append((path, nil)) }
            let id = try repository.writeCommit(
                onto: head, changes: changes.sorted { $0.0 < $1.0 }, message: "Change", authorName: "test",
                authorEmail: "test@acme.example",
                time: 1_780_000_000, updating: "refs/heads/main")
            (files, head) = (new, id)
            return id
        }
    }

    private static func rows(_ state: DesiredState) -> [[UInt8]] {
        state.tables.flatMap { $0.rows.map { $0.withImage { Array($0) } } }
    }

    /// What a database holds, without the times at which it was written.
    private static func declared(_ database: TestDatabase) throws -> [String: String] {
        try database.contents(versions: false).filter {
            !$0.key.hasPrefix("governance.revision") && !$0.key.hasPrefix("governance.migrations")
        }
    }

    @Test(arguments: 0..<6) func `commits compiled one after another come to what each comes to alone`(round: Int) throws {
        let seed = UInt64.random(in: 0 ..< .max)
        var world = RandomRepository(seed: seed)
        let history = try History()
        let compiler = CommitCompiler()
        var before: DesiredState?
        var goodCount = 0
        var errors: [String] = []
        for step in 0..<60 {
            if step > 0 { world.change() }
            let id = try history.commit(world.files)
            let compiled = try compiler.compile(history.repository, commit: id, now: Self.now)
            let alone = try CommitCompiler().compile(history.repository, commit: id, now: Self.now)
            #expect(compiled.diagnostics == alone.diagnostics, "seed \(seed), step \(step)")
            // Told apart here: a bundle is nothing to print.
            let isSameBundle = compiled.bundle == alone.bundle
            #expect(isSameBundle, "seed \(seed), step \(step)")
            for kind in Kind.allCases {
                #expect(
                    compiled.snapshot.governance.all(kind).map(\.plainName) == alone.snapshot.governance.all(kind).map(\.plainName),
                    "seed \(seed), step \(step)")
            }
            guard compiled.bundle != nil else {
                errors += compiled.diagnostics.filter { $0.severity == .error }.map { "\($0.span.location): \($0.message)" }
                if Int.random(in: 0..<3, using: &world.generator) == 0 { world.returnToGood() }
                continue
            }
            world.keepAsGood()
            goodCount += 1
            let (state, same) = (compiled.desiredState(bundleDigest: "x"), alone.desiredState(bundleDigest: "x"))
            let areSameRows = Self.rows(state) == Self.rows(same)
            #expect(state.digest == same.digest && areSameRows, "seed \(seed), step \(step)")
            #expect(state.administratorCount == same.administratorCount, "seed \(seed), step \(step)")
            if let before {
                let (plan, other) = (SyncPlan(from: before, to: state), SyncPlan(from: before, to: same))
                #expect(plan.differences == other.differences && plan.losses == other.losses, "seed \(seed), step \(step)")
                #expect(plan.rowCount == other.rowCount, "seed \(seed), step \(step)")
            }
            before = state
        }
        #expect(goodCount > 5, "seed \(seed): hardly anything was compiled: \(errors.prefix(8))")
        #expect(!errors.isEmpty, "seed \(seed): nothing was ever wrong")
    }

    @Test func `a commit planned from the one before writes what comparing everything would write`() throws {
        let seed = UInt64.random(in: 0 ..< .max)
        var world = RandomRepository(seed: seed)
        let history = try History()
        let compiler = CommitCompiler()
        let (left, right) = (try TestDatabase(), try TestDatabase())
        let (known, whole) = (left.reconciler(), right.reconciler())
        defer {
            known.close()
            whole.close()
        }
        var before: DesiredState?
        for step in 0..<40 {
            if step > 0 { world.change() }
            let id = try history.commit(world.files)
            let compiled = try compiler.compile(history.repository, commit: id, now: Self.now)
            guard compiled.bundle != nil else {
                world.returnToGood()
                continue
            }
            let state = compiled.desiredState(bundleDigest: "x")
            let (one, other) = (
                Result { try known.sync(state, driftMode: .correct, after: before) }, Result { try whole.sync(state, driftMode: .correct) }
            )
            switch (one, other) {
            case (.success(let one), .success(let other)):
                #expect(one.outcome == other.outcome && one.plan.differences == other.plan.differences, "seed \(seed), step \(step)")
                #expect(one.plan.rowCount == other.plan.rowCount && one.plan.losses == other.plan.losses, "seed \(seed), step \(step)")
                #expect(one.overtaken.isEmpty, "seed \(seed), step \(step)")
                #expect(try Self.declared(left) == Self.declared(right), "seed \(seed), step \(step)")
                #expect(try known.plan(state).plan.isEmpty, "seed \(seed), step \(step)")
                before = state
                world.keepAsGood()
            case (.failure(let one), .failure(let other)):
                // Refused, with the same digest: what is approved on one way is carried out on the other.
                guard case .refused(let plan)? = one as? ReconcilerError, case .refused(let same)? = other as? ReconcilerError else {
                    Issue.record("\(one) \(other)")
                    continue
                }
                #expect(plan == same, "seed \(seed), step \(step)")
                world.returnToGood()
            default: Issue.record("seed \(seed), step \(step): \(one) \(other)")
            }
        }
    }
}
