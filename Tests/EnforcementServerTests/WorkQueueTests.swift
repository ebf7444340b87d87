import Dispatch
import HTTPService
import Testing

@testable import EnforcementServer

@Suite struct WorkQueueTests {
    private static func answer(_ result: HTTPResult) async -> HTTPResponse {
        switch result {
        case .ready(let response): response
        case .later(let work): await work()
        }
    }

    @Test func `what finds no room is told to come again, and what was let in is done`() async throws {
        let queue = WorkQueue(threads: 1, most: 2)
        let gate = DispatchSemaphore(value: 0)
        @Sendable func slow() async -> HTTPResponse {
            await Self.answer(
                queue.run(refuse: HTTPResponse.problemRefusal) {
                    gate.wait()
                    return .text("done")
                })
        }
        await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<3 { group.addTask { await slow().status.code } }
            // One runs, one waits, one does not get in, and is the only one to come back before the gate opens.
            let refused = await group.next()
            #expect(refused == 503)
            gate.signal()
            gate.signal()
            for await status in group { #expect(status == 200) }
        }
        let again = await Self.answer(queue.run(refuse: HTTPResponse.problemRefusal) { .text("done") })
        #expect(again.status == .ok)
    }

    @Test func `the refusal says when to come again`() async {
        let queue = WorkQueue(threads: 1, most: 0)
        let response = await Self.answer(queue.run(refuse: OPAError.refusal) { .text("done") })
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers["Retry-After"] == ["1"])
    }
}
