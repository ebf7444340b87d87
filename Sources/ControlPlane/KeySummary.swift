import JSON
import Signing

/// A key for showing; never its secret.
public struct KeySummary: Sendable {
    private let entry: TrustedKey
    private var files: [(name: String, path: String)] = []

    /// Makes a key and writes it to `PREFIX.key`, for its owner alone, and `PREFIX.pub`; files that are there are not overwritten.
    public init(newAt prefix: String, comment: String?) throws(ControlError) {
        do {
            let key = try SigningKey.generate()
            files = [("privateKey", prefix + ".key"), ("publicKey", prefix + ".pub")]
            try key.write(privateKey: files[0].path, publicKey: files[1].path)
            entry = TrustedKey(key.publicKey, comment: comment)
        } catch {
            throw ControlError(wrapping: error)
        }
    }

    /// Reads a public or private key.
    public init(file: String) throws(ControlError) {
        do {
            entry = TrustedKey(try VerificationKey(file: file))
        } catch {
            throw ControlError(wrapping: error)
        }
    }

    public var json: JSONValue {
        let files = files.map { ($0.name, JSONValue.string($0.path)) }
        return .object(JSONObject([("keyid", .string(entry.key.id))] + files + [("trustedKey", entry.json)]))
    }

    public var text: String {
        let lines = [("keyid", entry.key.id)] + files
        return lines.map { "\($0.0)\(String(repeating: " ", count: 12 - $0.0.count))\($0.1)" }.joined(separator: "\n")
            + "\nIn the file of trusted keys, a JSON array, this key is\n" + JSONWriter.text(entry.json)
    }
}
