import Foundation
import Testing
import Waiting

@Suite struct WakeUpTests {
    @Test func `a wait that nobody ends lasts as long as it was meant to`() {
        let signal = WakeUp()
        let start = ContinuousClock.now
        #expect(!signal.wait(.milliseconds(30)))
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        #expect(!signal.wait(.zero))
        #expect(!signal.wait(.seconds(-1)))
    }

    @Test func `a signal ends the wait that is under way`() {
        let signal = WakeUp()
        Thread.detachNewThread { signal.signal() }
        #expect(signal.wait(.seconds(600)))
    }

    @Test func `a signal that came before ends the next wait, and no other, however often it came`() {
        let signal = WakeUp()
        for _ in 0..<100_000 { signal.signal() }
        #expect(signal.wait(.seconds(600)))
        #expect(!signal.wait(.milliseconds(1)))
        signal.signal()
        #expect(signal.wait(.seconds(600)))
    }
}
