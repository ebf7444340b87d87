import HTTPService
import NIOCore
import NIOPosix
import Synchronization

/// Runs what takes long on a few threads of its own, so that decisions, which event loops make, go on beside it. What waits is bounded: beyond
/// that a client is told to come again.
final class WorkQueue: Sendable {
    private let pool: NIOThreadPool
    private let underWay = Atomic<Int>(0)
    private let most: Int

    /// - Parameters:
    ///   - threads: half of the processors, if not said otherwise.
    ///   - most: how much may run and wait at once.
    init(threads: Int = max(1, System.coreCount / 2), most: Int = 64) {
        self.most = most
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    deinit { pool.shutdownGracefully { _ in } }

    /// - Parameter refuse: makes the answer for when there is no room, or no server any more.
    func run(
        refuse: @escaping Refusal, _ work: @escaping @Sendable () -> HTTPResponse
    ) -> HTTPResult {
        .later { [self] in
            defer { underWay.wrappingSubtract(1, ordering: .relaxed) }
            guard underWay.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
                var response = refuse(.serviceUnavailable, "too much is waiting; try again in a moment")
                response.headers.replaceOrAdd(name: "Retry-After", value: "1")
                return response
            }
            do {
                return try await pool.runIfActive(work)
            } catch {
                // The client has gone, or the server stops.
                return refuse(.serviceUnavailable, "the server is stopping")
            }
        }
    }
}
