import Foundation
import Postgres
import Reconciler

/// The Postgres of an organisation: one that was given, or a private one that lives in the state folder.
public final class Database {
    public let reconciler: Reconciler
    /// For further connections, which reach what belongs to this organisation.
    let configuration: PostgresConfiguration
    /// For people; never with a password.
    public let description: String
    /// A shell command that opens the database.
    public let psql: String
    /// The private cluster, if it is this object's to stop.
    private var cluster: PrivateCluster?
    /// Whether it is, whoever has started it.
    private let takesOver: Bool

    /// - Parameters:
    ///   - url: a Postgres URL; without one a private cluster is made, or started again.
    ///   - directory: where the private cluster lives.
    ///   - namespace: whose schemas and roles are meant.
    ///   - takesOver: whether a private cluster that runs already (one that outlived a killed process) is stopped at the end too.
    ///   - progress: told what takes long.
    public static func open(
        _ url: String?, directory: String, namespace: GovernanceNamespace = .standard, takesOver: Bool, progress: (String) -> Void
    ) throws(ControlError) -> Database {
        if let url { return try Database(url: url, namespace: namespace) }
        do throws(PrivateClusterError) {
            progress("starting a private Postgres in \(directory)")
            let cluster = try PrivateCluster.start(directory: directory) { progress("  \($0)") }
            do throws(PrivateClusterError) {
                var configuration = try cluster.configuration()
                configuration.statementTimeout = statementTimeout
                return Database(
                    configuration: configuration.with(namespace),
                    description: "private Postgres \(cluster.majorVersion) on \(cluster.socketDirectory)",
                    psql: "psql -h '\(cluster.socketDirectory)' -U charter charter",
                    cluster: takesOver || !cluster.wasRunning ? cluster : nil, takesOver: takesOver
                )
            } catch {
                try? cluster.stop()
                throw error
            }
        } catch {
            throw ControlError(error)
        }
    }

    /// A database that others run.
    public convenience init(url: String, namespace: GovernanceNamespace = .standard) throws(ControlError) {
        var configuration = PostgresConfiguration(uri: url)
        configuration.statementTimeout = Self.statementTimeout
        do throws(PostgresError) { try configuration.validate() } catch {
            throw ControlError(.usage, "the database URL is not valid: \(error)")
        }
        self.init(
            configuration: configuration.with(namespace),
            description: configuration.redactedDescription + (namespace.prefix.map { ", schema \($0)_governance" } ?? ""),
            psql: "psql \"$DATABASE_URL\"",
            cluster: nil, takesOver: false)
    }

    private init(configuration: PostgresConfiguration, description: String, psql: String, cluster: PrivateCluster?, takesOver: Bool) {
        self.takesOver = takesOver
        self.configuration = configuration
        reconciler = Reconciler(configuration)
        self.description = description
        self.psql = psql
        self.cluster = cluster
    }

    /// Waiting for a row that somebody else holds ends after this, so that Ctrl-C is heard and others are told.
    private static let statementTimeout = Duration.seconds(30)

    /// Starts the private cluster again if it has ended, or takes note of who started it.
    /// - Returns: whether it is worth trying again; `false` where nothing has changed, or the database is run by others.
    func revive(_ progress: (String) -> Void) throws(ControlError) -> Bool {
        guard let old = cluster else { return false }
        do throws(PrivateClusterError) {
            let running = try PrivateCluster.start(directory: old.directory) { _ in }
            guard running.processIdentifier != old.processIdentifier else { return false }
            cluster = running
            progress(running.wasRunning ? "the private Postgres was started again" : "starting the private Postgres again")
            return true
        } catch {
            throw ControlError(error)
        }
    }

    /// Closes the connection and stops a private cluster.
    public func close(progress: (String) -> Void) {
        reconciler.close()
        guard let cluster else { return }
        do throws(PrivateClusterError) {
            try cluster.stop(whoever: takesOver)
        } catch {
            progress("the private Postgres could not be stopped: \(error)")
        }
    }
}
