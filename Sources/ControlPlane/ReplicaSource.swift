import BundleFollowing
import BundleProvenance
import Downloads
import Foundation
import Postgres
import Reconciler

/// Where a server that compiles nothing has its bundles from.
public enum ReplicaSource: Sendable {
    /// - Parameter signature: the file with the signature; the one beside the bundle by default.
    case file(path: String, signature: String?)
    case web(WebAddress, token: String?, signature: WebAddress?)
    /// What a reconciler has left there.
    case database(PostgresConfiguration, name: String)

    /// - Parameters:
    ///   - text: a path, or an http(s) address.
    ///   - token: for the server at that address.
    ///   - isSigned: whether a signature is asked for.
    public init(_ text: String, token: String?, signature: String?, isSigned: Bool) throws(ControlError) {
        guard WebAddress.isOne(text) else {
            self = .file(path: text, signature: signature)
            return
        }
        let address = try Self.address(text)
        if let token, !Download.isToken(token) { throw ControlError(.usage, "the token for \(address.shown) holds spaces or line breaks") }
        guard address.isPrivate || isSigned else {
            throw ControlError(
                .usage,
                "\(address.shown) is plain http from another machine, and whoever is on the way could put another bundle in its place; use https, or --trusted-keys and a signed bundle"
            )
        }
        guard address.isPrivate || token == nil else {
            throw ControlError(.usage, "a token is not sent over plain http to another machine; use https for \(address.shown)")
        }
        self = .web(address, token: token, signature: try signature.map { text throws(ControlError) in try Self.address(text) } ?? nil)
    }

    private static func address(_ text: String) throws(ControlError) -> WebAddress {
        do throws(WebAddress.Invalid) {
            return try WebAddress(text)
        } catch {
            // The text may hold a password.
            throw ControlError(.usage, "the address of the bundle cannot be used: \(error.description)")
        }
    }

    /// - Parameter interval: between two looks; as the kind of source wants it by default.
    func feed(interval: Duration?) throws(ControlError) -> any BundleFeed {
        switch self {
        case .file(let path, let signature):
            return FileFeed(path: path, signature: signature, interval: interval ?? .milliseconds(250))
        case .web(let address, let token, let signature):
            do throws(WebAddress.Invalid) {
                return try WebFeed(address, token: token, signature: signature, interval: interval ?? .seconds(10))
            } catch {
                throw ControlError(.usage, "the address of the bundle cannot be used: \(error.description)")
            }
        case .database(let configuration, let name):
            return DatabaseFeed(configuration, name: name, interval: interval ?? .seconds(5))
        }
    }

    /// Whether it lies on this machine: if it is not there at the start, it was not meant so.
    var isLocal: Bool {
        if case .file = self { true } else { false }
    }
}

/// A database that a server reads bundles from and reports to.
public struct ReplicaDatabase: Sendable {
    let configuration: PostgresConfiguration
    /// For people; never with a password.
    public let name: String

    public init(url: String, namespace: GovernanceNamespace) throws(ControlError) {
        var configuration = PostgresConfiguration(uri: url)
        configuration.statementTimeout = .seconds(30)
        do throws(PostgresError) { try configuration.validate() } catch {
            throw ControlError(.usage, "the database URL is not valid: \(error)")
        }
        self.configuration = configuration.with(namespace)
        name = configuration.redactedDescription + (namespace.prefix.map { ", schema \($0)_governance" } ?? "")
    }

    public var source: ReplicaSource { .database(configuration, name: name) }
}
