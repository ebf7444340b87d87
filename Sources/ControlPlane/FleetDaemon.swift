import Diagnostics
import Foundation
import GovernanceModel
import Synchronization
import Waiting

/// `charter fleet`: several organisations, each in a process of its own, so that neither a crash nor the memory of one touches another.
public final class FleetDaemon: Sendable {
    /// What is told while it runs.
    public enum Event: Sendable {
        case info(String)
        case warning(String)
        /// A line that an organisation's process has written.
        case line(organization: String, String, isError: Bool)
        /// What is wrong with a file that was read again.
        case refused(FleetFile.Refusal)
    }

    /// What the state folder holds beside those of the organisations.
    static let reservedNames: Set<String> = ["lock", "version"]

    private let file: FleetFile
    private let state: String
    private let environment: [String: String]
    private let emit: @Sendable (Event) -> Void
    private let stopping = StopFlag()
    private let isToBeRead = Atomic(false)
    private let wake = WakeUp()

    /// - Parameters:
    ///   - state: the folder in which each organisation has its state folder.
    ///   - environment: what the organisations' processes are given, with what each is told in place of it.
    public init(_ file: FleetFile, state: String, environment: [String: String], emit: @escaping @Sendable (Event) -> Void) {
        self.file = file
        self.state = state
        self.environment = environment
        self.emit = emit
    }

    /// Ends `run` soon; can be called from any thread, more than once.
    public func stop() {
        stopping.set()
        wake.signal()
    }

    /// Has the file read again: new organisations start, removed ones stop, changed ones start anew. One that is not good changes nothing.
    public func reload() {
        isToBeRead.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Runs all organisations until `stop`. Blocks the calling thread.
    ///
    /// - Throws: `FleetFile.Refusal` for a file that is not good at the start.
    public func run() throws {
        let fleet = try file.read()
        let folder = try StateDirectory(state)
        var members: [String: FleetMember] = [:]
        defer {
            for member in members.values { member.stop() }
            for member in members.values { member.join() }
            withExtendedLifetime(folder) {}
        }
        update(&members, to: fleet, in: folder.path)
        while !stopping.isSet {
            wake.wait(nanoseconds: 3_600_000_000_000)
            guard isToBeRead.exchange(false, ordering: .acquiring), !stopping.isSet else { continue }
            do {
                update(&members, to: try file.read(), in: folder.path)
            } catch let refusal as FleetFile.Refusal {
                emit(.refused(refusal))
                emit(.warning("`\(file.path)` was read again and is not good; everything goes on as it was"))
            } catch {
                emit(.warning("\(ControlError(wrapping: error).message); everything goes on as it was"))
            }
        }
        emit(.info("stopping"))
    }

    private func update(_ members: inout [String: FleetMember], to fleet: Fleet, in folder: String) {
        var leaving: [FleetMember] = []
        for (name, member) in members.sorted(by: { $0.key < $1.key }) where !fleet.organizations.contains(member.organization) {
            let isChanged = fleet.organizations.contains { $0.name == name }
            emit(.info("\(name) \(isChanged ? "has changed, and is started anew" : "was removed, and is stopped")"))
            members[name] = nil
            leaving.append(member)
        }
        // All at once, and to the end: what comes may need a port or a folder of what goes.
        for member in leaving { member.stop() }
        for member in leaving { member.join() }
        for organization in fleet.organizations where members[organization.name] == nil {
            let launch = FleetLaunch(organization, state: folder, environment: environment)
            let member = FleetMember(organization, launch, emit: emit)
            members[organization.name] = member
            member.start()
        }
    }
}
