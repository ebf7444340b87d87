import Conditions
import JSON
import Testing

@Suite struct ConditionSetTests {
    private func ready(_ status: Condition.Status, _ reason: String, _ message: String = "m") -> ConditionSet.Finding {
        .init("Ready", status, reason, message)
    }

    @Test func `the time changes only when the status flips`() {
        var set = ConditionSet()
        set.update([ready(.yes, "Applied")], generation: 1, at: "t1")
        set.update([ready(.yes, "Pinned", "other")], generation: 2, at: "t2")
        #expect(set["Ready"]?.lastTransitionTime == "t1")
        #expect(set["Ready"]?.reason == "Pinned")
        #expect(set["Ready"]?.message == "other")
        #expect(set["Ready"]?.observedGeneration == 2)
        set.update([ready(.no, "DatabaseUnavailable")], generation: 2, at: "t3")
        #expect(set["Ready"]?.lastTransitionTime == "t3")
        set.update([ready(.yes, "Applied")], generation: 2, at: "t4")
        #expect(set["Ready"]?.lastTransitionTime == "t4")
    }

    @Test func `a generation never goes back`() {
        var set = ConditionSet()
        set.update([ready(.yes, "Applied")], generation: 7, at: "t1")
        set.update([ready(.yes, "Applied")], generation: 0, at: "t2")
        #expect(set["Ready"]?.observedGeneration == 7)
    }

    @Test func `what has changed is told with what it was, and another message alone is no change`() {
        var set = ConditionSet()
        #expect(set.update([ready(.yes, "Applied")], generation: 1, at: "t1").map(\.new.reason) == ["Applied"])
        #expect(set.update([ready(.yes, "Applied", "new words")], generation: 1, at: "t2").isEmpty)
        let changed = set.update([ready(.yes, "Pinned"), .init("Drifted", .no, "InSync", "m")], generation: 1, at: "t3")
        #expect(changed.map(\.new.type) == ["Ready", "Drifted"])
        #expect(changed.map(\.old?.reason) == ["Applied", nil])
    }

    @Test func `what was written is read back, and what is no condition is left out`() {
        var set = ConditionSet()
        set.update([ready(.unknown, "Pending"), .init("Stalled", .no, "Progressing", "m")], generation: 3, at: "t1")
        #expect(ConditionSet(json: set.json) == set)
        #expect(ConditionSet(json: [["type": "Ready"], 3, ["type": "Ready", "status": "Perhaps"]]).all.isEmpty)
        var again = ConditionSet(json: set.json)
        again.update([ready(.unknown, "Pending")], generation: 3, at: "t9")
        #expect(again["Ready"]?.lastTransitionTime == "t1")
    }
}
