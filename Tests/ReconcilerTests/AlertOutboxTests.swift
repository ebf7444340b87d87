import EnforcementServer
import Foundation
import JSON
import Postgres
import TestSupport
import Testing

@testable import ControlPlane
@testable import Reconciler

@Suite struct AlertOutboxTests {
    private func event(_ topic: String, at: String, to receivers: [String] = ["https://one.example"]) -> GovernanceEvent {
        GovernanceEvent(
            id: DecisionID.make(now: WallClock.now()), at: at, instance: "i", isWarning: true, reason: "CommitInvalid", message: "m",
            commit: nil, details: [:],
            alert: .init(
                topic: topic, source: "reconcile", severity: "high", receivers: receivers.map { .init(url: $0, secretVariable: nil) }))
    }

    @Test func `an event written twice is there once, and alerts of one topic are one for a while`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let first = event("a", at: "2026-01-01T00:00:00.000Z")
        try reconciler.record([first, event("a", at: "2026-01-01T00:05:00.000Z"), event("b", at: "2026-01-01T00:06:00.000Z")])
        try reconciler.record([first])
        try reconciler.record([event("a", at: "2026-01-01T00:20:00.000Z")])
        let events = try reconciler.events(limit: 10, alertsOnly: false)
        #expect(events.count == 4)
        let alerts = try reconciler.events(limit: 10, alertsOnly: true)
        #expect(alerts.map(\.event.at) == ["2026-01-01T00:20:00.000Z", "2026-01-01T00:06:00.000Z", "2026-01-01T00:00:00.000Z"])
        #expect(alerts.map(\.repeats) == [0, 0, 1])
    }

    @Test func `what is claimed is not claimed by another sender, and comes again when it was not taken`() throws {
        let database = try TestDatabase()
        let (one, other) = (database.reconciler(), database.reconciler())
        defer {
            one.close()
            other.close()
        }
        try one.record([event("a", at: TimeText.rfc3339(WallClock.now()), to: ["https://one.example", "https://two.example"])])
        let claimed = try one.claimDeliveries(limit: 10, operatorReceiver: nil)
        #expect(Set(claimed.map(\.receiver.url)) == ["https://one.example", "https://two.example"])
        try #require(claimed.count == 2)
        #expect(try other.claimDeliveries(limit: 10, operatorReceiver: nil).isEmpty)
        try one.finish(claimed[0], failure: nil)
        try one.finish(claimed[1], failure: "answered with status 500")
        #expect(try eventually { try other.claimDeliveries(limit: 10, operatorReceiver: nil).map(\.attempt) == [2] })
        let kept = try #require(try one.events(limit: 1, alertsOnly: true).first)
        #expect(kept.receivers == 2)
        #expect(kept.delivered == 1)
        #expect(kept.lastError == "answered with status 500")
    }

    @Test func `events outlive a database that is away and a process that is killed`() throws {
        let database = try TestDatabase()
        try TemporaryDirectory.with { folder in
            let path = folder + "/events.jsonl"
            let wanted = WantedState()
            let status = ServiceStatus()
            let journal = EventJournal(
                path: path, instance: "i", receiver: .init(url: "https://one.example", secretVariable: nil), wanted: wanted)
            status.update { facts in
                facts.inForce = ("c", "d")
                facts.sourceState = .ready
                facts.database = .failing(reason: "DatabaseUnavailable", message: "gone", since: "now", needsHelp: false)
            }
            for change in status.takeChanges() { journal.changed(change, commit: "c") }
            #expect(journal.count > 0)
            // A line that was cut short by a kill.
            let file = try #require(FileHandle(forWritingAtPath: path))
            file.seekToEndOfFile()
            file.write(Data("{\"id\": \"cut".utf8))
            try file.close()

            let next = EventJournal(path: path, instance: "i", receiver: nil, wanted: wanted)
            #expect(next.count == journal.count)
            let reconciler = database.reconciler()
            defer { reconciler.close() }
            try next.flush(reconciler)
            #expect(next.count == 0)
            // Written by the first one too, before it died: nothing is there twice.
            try journal.flush(reconciler)
            let alerts = try reconciler.events(limit: 10, alertsOnly: true)
            #expect(alerts.map(\.event.reason) == ["DatabaseUnavailable"])
            #expect(alerts.first?.receivers == 1)
            #expect(EventJournal(path: path, instance: "i", receiver: nil, wanted: wanted).count == 0)
        }
    }
}
