import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import Signing

@testable import BundleProvenance

/// Bundles, keys and statements for tests.
struct TestBundle {
    var bytes: [UInt8]
    var bundle: PolicyBundle

    /// A bundle of one small organisation.
    init(name: String = "acme", commit: Character = "c", tree: Character = "d") throws {
        let text = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: \(name)}
            spec: {displayName: \(name), currency: EUR}

            """
        let (governance, _) = Governance.link([DocumentReader.read(Array(text.utf8), path: "organization.yaml")])
        let origin = BundleOrigin(
            commit: String(repeating: commit, count: 40), tree: String(repeating: tree, count: 40), time: 1_767_225_600)
        let result = PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: 0)
        guard let bytes = result.bundle else { throw SigningError(.malformed, "\(result.diagnostics)") }
        self.bytes = bytes
        bundle = try PolicyBundle(bytes: bytes)
    }

    static func time(_ text: String) throws -> UTCTime {
        guard let time = UTCTime(text) else { throw SigningError(.malformed, text) }
        return time
    }

    /// When the bundles of these tests are signed.
    static func signed() throws -> UTCTime { try time("2026-03-01T12:00:00Z") }
    /// When they are verified.
    static func now() throws -> UTCTime { try time("2026-06-01T12:00:00Z") }

    func envelope(_ keys: SigningKey...) throws -> [UInt8] {
        try SignedBundle.sign(bundle, bytes: bytes, with: keys, at: Self.signed()).text
    }

    /// The bundle's own statement.
    func statement() throws -> JSONValue {
        try JSONParser.parse(try SignedBundle.sign(bundle, bytes: bytes, with: [], at: Self.signed()).payload)
    }

    /// An envelope with a statement of somebody else's making.
    static func envelope(_ statement: JSONValue, _ key: SigningKey) throws -> [UInt8] {
        try DSSEEnvelope(signing: JSONWriter.bytes(statement), type: ProvenanceStatement.payloadType, with: [key]).text
    }

    /// Verifies with keys that are valid always.
    func verify(_ envelope: [UInt8], _ keys: SigningKey...) throws -> SignedBundle {
        try SignedBundle(
            bytes: bytes, envelope: envelope, trusting: TrustedKeys(keys.map { TrustedKey($0.publicKey) }), at: Self.now())
    }
}

extension JSONValue {
    /// A copy with another value, or none, at a place; names of members and numbers of items lead to it.
    func setting(_ path: String, to value: JSONValue?) -> JSONValue {
        setting(path.split(separator: "/").map(String.init)[...], to: value)
    }

    private func setting(_ path: ArraySlice<String>, to value: JSONValue?) -> JSONValue {
        guard let name = path.first else { return value ?? .null }
        if case .array(var items) = self, let index = Int(name) {
            if path.count == 1, value == nil {
                items.remove(at: index)
            } else {
                items[index] = items[index].setting(path.dropFirst(), to: value)
            }
            return .array(items)
        }
        guard case .object(var object) = self else { return self }
        object[name] = path.count == 1 ? value : object[name]?.setting(path.dropFirst(), to: value)
        return .object(object)
    }
}

/// The error that `body` throws; `nil` if it throws none.
func failure(_ body: () throws -> Void) -> ProvenanceError? {
    do {
        try body()
        return nil
    } catch {
        return error as? ProvenanceError
    }
}
