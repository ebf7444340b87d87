import Digest
import Files
import Foundation
import JSON
import Signing

/// Keys in a file: for a server without a database, and for one that starts while its database is away. It holds digests alone, and is for its owner
/// to read.
public struct APIKeyFile: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// Whether there is one.
    public var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// - Throws: unless all of it can be read: half a list would lock callers out without a word.
    public func read() throws(AccessError) -> [APIKeyRecord] {
        guard let data = FileManager.default.contents(atPath: path) else { throw AccessError("`\(path)` cannot be read") }
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(Array(data))
        } catch {
            throw AccessError("`\(path)` is not JSON: \(error)")
        }
        guard json["version"]?.intValue == 1, let keys = json["keys"]?.arrayValue else {
            throw AccessError("`\(path)` is no list of API keys; `charter api-keys create --file` makes one")
        }
        var records: [APIKeyRecord] = []
        for (number, entry) in keys.enumerated() {
            guard let record = APIKeyRecord(entry) else { throw AccessError("`\(path)`: the entry at /keys/\(number) is no API key") }
            records.append(record)
        }
        return records
    }

    public func write(_ records: [APIKeyRecord]) throws(AccessError) {
        let json: JSONValue = ["version": 1, "keys": .array(records.map { .object($0.stored) })]
        do throws(FileFailure) {
            try WholeFile.replace(path, with: JSONWriter.bytes(json, style: .pretty) + [UInt8(ascii: "\n")], mode: 0o600)
        } catch {
            throw AccessError(error.description)
        }
    }

    /// Changes one of them, and adds another.
    public func change(_ id: String, adding new: APIKeyRecord? = nil, _ change: (inout APIKeyRecord) -> Void) throws(AccessError) {
        var records = try read()
        for place in records.indices where records[place].id == id { change(&records[place]) }
        if let new { records.append(new) }
        try write(records)
    }
}

extension APIKeyRecord {
    fileprivate var stored: JSONObject {
        var object = shown
        object["sha256"] = .string(digest.description)
        return object
    }

    fileprivate init?(_ json: JSONValue) {
        func text(_ name: String) -> String? { json[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
        var isGood = true
        func time(_ name: String) -> Int64? {
            guard let value = json[name], value != .null else { return nil }
            let time = value.stringValue.flatMap { UTCTime($0) }?.secondsSince1970
            if time == nil { isGood = false }
            return time
        }
        guard let id = text("id"), let account = text("account"), let scopes = json["scopes"]?.arrayValue,
            let digest = text("sha256").flatMap(Hexadecimal.decode).flatMap({ SHA256Digest(bytes: $0) }), let created = time("createdAt")
        else { return nil }
        let names = scopes.compactMap(\.stringValue)
        self.init(
            id: id, name: json["name"]?.stringValue ?? "", account: account, scopes: names, digest: digest, createdAt: created,
            expiresAt: time("expiresAt"), revokedAt: time("revokedAt"), lastUsedAt: time("lastUsedAt"), replaces: text("replaces"))
        // A scope that is no text, or a time that is none, must not make a key that may do more or lives longer.
        guard isGood, names.count == scopes.count else { return nil }
    }
}
