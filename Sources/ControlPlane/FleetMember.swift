import Dispatch
import Foundation
import GovernanceModel
import Synchronization

/// One organisation of a fleet: keeps its `charter up` running until it is told to stop.
final class FleetMember: Sendable {
    /// Seconds before the first new start; each further one waits twice as long.
    private static let shortestPause = 1.0
    private static let longestPause = 60.0
    /// Seconds of running after which a start counts as the first again.
    private static let settled = Duration.seconds(60)
    /// Seconds that stopping may take.
    private static let patience = 45.0

    let organization: FleetOrganization
    private let launch: FleetLaunch
    private let emit: @Sendable (FleetDaemon.Event) -> Void
    private let stopping = StopFlag()
    /// Signalled when there is something to look at: its end, or an order to stop.
    private let news = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(_ organization: FleetOrganization, _ launch: FleetLaunch, emit: @escaping @Sendable (FleetDaemon.Event) -> Void) {
        self.organization = organization
        self.launch = launch
        self.emit = emit
    }

    func start() {
        Thread.detachNewThread { [self] in
            keepRunning()
            ended.signal()
        }
    }

    /// Tells it to stop, without waiting.
    func stop() {
        stopping.set()
        news.signal()
    }

    /// Waits until it has stopped; `stop` was called.
    func join() { ended.wait() }

    private func keepRunning() {
        var pause = Self.shortestPause
        while !stopping.isSet {
            let start = ContinuousClock.now
            let ending = runOnce()
            if stopping.isSet { return }
            if ContinuousClock.now - start >= Self.settled { pause = Self.shortestPause }
            emit(.warning("\(organization.name) \(ending); it is started again in \(Int(pause)) second\(pause == 1 ? "" : "s")"))
            wait(seconds: pause)
            pause = min(Self.longestPause, pause * 2)
        }
    }

    /// - Returns: how it ended, for people.
    private func runOnce() -> String {
        let name = organization.name
        let child: FleetChild
        do throws(ControlError) {
            child = try FleetChild(
                launch, said: { [emit] line, isError in emit(.line(organization: name, line, isError: isError)) },
                onEnd: { [news] in news.signal() })
        } catch {
            return error.message
        }
        emit(.info("\(name) is process \(child.processIdentifier)"))
        while !child.hasEnded {
            if stopping.isSet {
                if !child.stop(within: Self.patience) { emit(.warning("\(name) did not stop, and was killed")) }
                return "was stopped"
            }
            news.wait()
        }
        return child.ending
    }

    private func wait(seconds: Double) {
        let deadline = DispatchTime.now() + seconds
        // A signal left over from the last child's end wakes too early.
        while !stopping.isSet, news.wait(timeout: deadline) == .success {}
    }
}
