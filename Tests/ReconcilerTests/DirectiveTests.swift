import Testing

@testable import Reconciler

/// What an operator orders between a reconciler's look and its write.
@Suite struct DirectiveTests {
    private func isOverruled(_ error: ReconcilerError?) -> Bool {
        if case .overruled? = error { true } else { false }
    }

    @Test func `nothing is written while suspended, whoever decided before`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let first = try SmallOrganization().desired("a")
        let epoch = try reconciler.sync(first, driftMode: .correct).revision?.epoch
        try reconciler.suspend(reason: "", operator: "me")
        let before = try database.contents()
        let next = try SmallOrganization().desired("b")
        #expect(isOverruled(reconcilerError { try reconciler.sync(next, driftMode: .correct, from: epoch) }))
        #expect(try database.contents() == before)
        #expect(try reconciler.resume(reason: "", operator: "me"))
        #expect(try reconciler.sync(next, driftMode: .correct, from: epoch).outcome == .applied)
    }

    @Test func `a pin holds against a write that was decided before it, although the epoch is the same`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let first = try SmallOrganization().desired("a")
        let epoch = try #require(try reconciler.sync(first, driftMode: .correct).revision?.epoch)
        try reconciler.pin(PinOrder(commit: first.commit, reason: "", operator: "me"), at: epoch)
        let next = try SmallOrganization().desired("b")
        #expect(isOverruled(reconcilerError { try reconciler.sync(next, driftMode: .correct, from: epoch) }))
        #expect(try reconciler.revision()?.commit == first.commit)
        // Drift from what is pinned is corrected all the same.
        try database.owner.execute("UPDATE governance.users SET email = 'x' WHERE name = 'ada'")
        #expect(try reconciler.sync(first, driftMode: .correct).outcome == .corrected)
        #expect(try reconciler.releasePin())
        #expect(try reconciler.sync(next, driftMode: .correct).outcome == .applied)
    }
}
