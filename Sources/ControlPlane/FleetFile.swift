import Diagnostics
import Foundation
import Git
import GovernanceModel
import Postgres
import Reconciler

/// The file that names the organisations of a fleet.
public struct FleetFile: Sendable {
    /// What is wrong with it; told with its text.
    public struct Refusal: Error, Sendable {
        public var diagnostics: [Diagnostic]
        public var sources: [String: [UInt8]]
    }

    private static let sizeLimit = 1 << 20

    public let path: String

    public init(_ path: String) { self.path = path }

    /// Reads and checks it.
    ///
    /// - Throws: `Refusal`, or `ControlError` where the file cannot be read.
    public func read() throws -> Fleet {
        guard let data = FileManager.default.contents(atPath: path) else { throw ControlError(.input, "`\(path)` cannot be read") }
        guard data.count <= Self.sizeLimit else {
            throw ControlError(.input, "`\(path)` has \(data.count) bytes, the limit is \(Self.sizeLimit)")
        }
        let bytes = Array(data)
        let (fleet, diagnostics) = FleetReader.read(
            bytes, path: path, database: { PostgresConfiguration(uri: $0).place }, check: Self.problems)
        guard var fleet else { throw Refusal(diagnostics: diagnostics, sources: [path: bytes]) }
        // Paths are as the file sees them, wherever the daemon was started.
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        func place(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
        for number in fleet.organizations.indices {
            let organization = fleet.organizations[number]
            if !GitMirror.isRemote(organization.repository) { fleet.organizations[number].repository = place(organization.repository) }
            fleet.organizations[number].allowedSigners = organization.allowedSigners.map(place)
            fleet.organizations[number].gpgKeyring = organization.gpgKeyring.map(place)
        }
        return fleet
    }

    private static func problems(_ organization: FleetOrganization) -> [(field: String, problem: String)] {
        var found: [(field: String, problem: String)] = []
        func attempt(_ field: String, _ body: () throws -> Void) {
            do { try body() } catch { found.append((field, "\(error)")) }
        }
        if FleetDaemon.reservedNames.contains(organization.name) {
            found.append(("name", "`\(organization.name)` cannot be the name of an organisation of a fleet"))
        }
        attempt("listen") { _ = try ListenAddress(organization.listen).onLoopback() }
        if let path = organization.path { attempt("path") { _ = try GitFolder.checked(path) } }
        if let schema = organization.schema { attempt("schema") { _ = try GovernanceNamespace(prefix: schema) } }
        if let url = organization.database { attempt("database") { try PostgresConfiguration(uri: url).validate() } }
        if case .commit(let id) = organization.reference, GitObjectID(hex: id) == nil {
            found.append(("commit", "`\(id)` is not the whole id of a commit"))
        }
        if let seconds = organization.pollInterval.flatMap(Double.init), seconds > 86_400 {
            found.append(("pollInterval", "it must be a day at most"))
        }
        if let url = organization.alertWebhook, !AlertReceiver.isValid(url) {
            found.append(("alertWebhook", "it must be an https address, or http on this machine"))
        }
        return found
    }
}
