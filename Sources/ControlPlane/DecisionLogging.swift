import DecisionLog
import Downloads
import Foundation
import PolicyCompiler
import Postgres
import Spool

/// Where a server logs its decisions, and what it leaves out.
public struct DecisionLogSettings: Sendable {
    /// The folder of the spool.
    public var directory: String
    /// A file that gets a line of JSON for each decision.
    public var file: String?
    /// A service that takes OPA's decision logs, and its bearer token.
    public private(set) var opa: (address: WebAddress, token: String?)?
    /// Where telemetry goes, of which decisions may be a part.
    public var telemetry: TelemetrySettings?
    /// Paths that are left out, as `LogMask` has them.
    public var mask: [String] = []
    /// The share of plain permissions that are logged.
    public var sampling = 1.0
    /// What may wait on disk.
    public var maxBytes = 1 << 30

    public init(directory: String) { self.directory = directory }

    /// - Parameters:
    ///   - text: an http(s) address; what is behind it is `/logs`.
    ///   - token: its bearer token.
    public mutating func sendToOPA(_ text: String, token: String?) throws(ControlError) {
        do throws(WebAddress.Invalid) {
            let address = try WebAddress(text)
            guard address.isPrivate || token == nil else {
                throw WebAddress.Invalid(description: "a token is not sent over plain http to another machine; use https")
            }
            // For what is wrong with it.
            _ = try OPASink.make(address, token: token, version: PolicyCompiler.version, mask: nil)
            opa = (address, token)
        } catch {
            // The text may hold a password.
            throw ControlError(.usage, "the address of the OPA log cannot be used: \(error.description)")
        }
    }

    /// The names of the sinks that there will be.
    private func names(hasDatabase: Bool) -> [String] {
        (hasDatabase ? [PostgresSink.name] : []) + (file == nil ? [] : [JSONLinesSink.name]) + (opa == nil ? [] : [OPASink.name])
            + (telemetry?.sinkNames ?? [])
    }

    /// Opens the log; `nil` if it would have no sink.
    ///
    /// - Parameter hasDatabase: whether `start` will be given one.
    func open(hasDatabase: Bool, notice: (String) -> Void) throws(ControlError) -> DecisionLog? {
        let names = names(hasDatabase: hasDatabase)
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
    func start(_ log: DecisionLog?, _ database: PostgresConfiguration?) throws(ControlError) {
        var sinks: [any DecisionSink] = []
        if let database { sinks.append(PostgresSink(database)) }
        if let file { sinks.append(JSONLinesSink(path: file)) }
        do throws(WebAddress.Invalid) {
            if let opa {
                let mask = try? LogMask(mask)
                sinks.append(try OPASink.make(opa.address, token: opa.token, version: PolicyCompiler.version, mask: mask))
            }
            if let telemetry { sinks += try telemetry.sinks() }
        } catch {
            throw ControlError(.usage, "an address that decisions go to cannot be used: \(error.description)")
        }
        log?.start(sinks)
    }

    /// Seconds that a server takes at its end to bring what is left to the sinks.
    static let stopTime = 5.0
}
