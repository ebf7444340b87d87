import HTTPService
import Synchronization

extension WorkQueue {
    /// The same for work that nobody waits longer for than `time`. What is under way then ends all the same, and keeps its place until it has.
    func run(
        within time: Duration, refuse: @escaping Refusal, _ work: @escaping @Sendable () -> HTTPResponse
    ) -> HTTPResult {
        guard case .later(let answer) = run(refuse: refuse, work) else {
            return .ready(refuse(.serviceUnavailable, "the server is stopping"))
        }
        return .later {
            await withCheckedContinuation { continuation in
                let race = AnswerRace(continuation)
                let timer = Task {
                    guard (try? await Task.sleep(for: time)) != nil else { return }
                    var late = refuse(.serviceUnavailable, "this takes longer than \(time.components.seconds) seconds; try again with less")
                    late.headers.replaceOrAdd(name: "Retry-After", value: "30")
                    race.finish(late)
                }
                Task {
                    race.finish(await answer())
                    timer.cancel()
                }
            }
        }
    }
}

/// Takes the first of two answers.
private final class AnswerRace: Sendable {
    private let continuation: Mutex<CheckedContinuation<HTTPResponse, Never>?>

    init(_ continuation: CheckedContinuation<HTTPResponse, Never>) { self.continuation = Mutex(continuation) }

    func finish(_ response: HTTPResponse) {
        let first = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        first?.resume(returning: response)
    }
}
