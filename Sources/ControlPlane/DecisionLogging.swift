import DecisionLog
import Foundation
import Postgres
import Spool

/// Where a server logs its decisions, and what it leaves out.
public struct DecisionLogSettings: Sendable {
    /// The folder of the spool.
    public var directory: String
    /// A file that gets a line of JSON for each decision.
    public var file: String?
    /// Paths that are left out, as `LogMask` has them.
    public var mask: [String] = []
    /// The share of plain permissions that are logged.
    public var sampling = 1.0
    /// What may wait on disk.
    public var maxBytes = 1 << 30

    public init(directory: String) { self.directory = directory }

    /// Opens the log; `nil` if it would have no sink.
    ///
    /// - Parameter hasDatabase: whether `start` will be given one.
    func open(hasDatabase: Bool, notice: (String) -> Void) throws(ControlError) -> DecisionLog? {
        let names = (hasDatabase ? [PostgresSink.name] : []) + (file == nil ? [] : [JSONLinesSink.name])
        if names.isEmpty { return nil }
        var configuration = DecisionLog.Configuration(directory: directory)
        configuration.maxBytes = maxBytes
        configuration.sampling = sampling
        do {
            if !mask.isEmpty { configuration.mask = try LogMask(mask) }
            try FileManager.default.createDirectory(
                atPath: (directory as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            return try DecisionLog(configuration, sinks: names, notice: notice)
        } catch let error as SpoolError {
            throw ControlError(error.reason == .inUse ? .tryAgain : .input, "the decision log cannot be opened: \(error)")
        } catch let error as LogMask.InvalidPath {
            throw ControlError(.usage, error.description)
        } catch {
            throw ControlError(.input, "the folder of the decision log cannot be made: \(error.localizedDescription)")
        }
    }

    /// Starts to bring decisions where they are to be.
    ///
    /// - Parameter database: whose schema is up to date.
    func start(_ log: DecisionLog?, _ database: PostgresConfiguration?) {
        var sinks: [any DecisionSink] = []
        if let database { sinks.append(PostgresSink(database)) }
        if let file { sinks.append(JSONLinesSink(path: file)) }
        log?.start(sinks)
    }

    /// Seconds that a server takes at its end to bring what is left to the sinks.
    static let stopTime = 5.0
}
