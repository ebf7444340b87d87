import Digest
import JSON

/// A public key whose signatures are accepted, and from when to when. Both ends belong to the time in which it is valid.
public struct TrustedKey: Hashable, Sendable {
    public var key: VerificationKey
    public var notBefore: UTCTime?
    public var notAfter: UTCTime?
    public var comment: String?

    public init(_ key: VerificationKey, notBefore: UTCTime? = nil, notAfter: UTCTime? = nil, comment: String? = nil) {
        self.key = key
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.comment = comment
    }

    public func isValid(at time: UTCTime) -> Bool { notBefore.map { $0 <= time } ?? true && notAfter.map { time <= $0 } ?? true }

    /// The key's time for people: `from 2026-01-01T00:00:00Z until 2026-12-31T23:59:59Z`.
    public var validity: String {
        let parts = [notBefore.map { "from \($0)" }, notAfter.map { "until \($0)" }].compactMap { $0 }
        return parts.isEmpty ? "always" : parts.joined(separator: " ")
    }

    /// The key's entry in a file of trusted keys.
    public var json: JSONValue {
        var object: JSONObject = ["publicKey": .string(Base64.encode(key.spki))]
        object["notBefore"] = notBefore.map { .string($0.description) }
        object["notAfter"] = notAfter.map { .string($0.description) }
        object["comment"] = comment.map { .string($0) }
        return .object(object)
    }
}

/// The keys that a verifier trusts: a JSON array of objects `{publicKey, notBefore?, notAfter?, comment?}`.
///
/// Several keys may be trusted at a time: during a rotation the old one and the new one are.
public struct TrustedKeys: Sendable {
    /// More keys than this are refused: each costs a verification for each signature.
    static let countLimit = 256
    static let fileLimit = 1 << 20

    public let keys: [TrustedKey]

    public init(_ keys: [TrustedKey]) { self.keys = keys }

    public init(file path: String) throws(SigningError) {
        let text = try BoundedFile.read(path, limit: Self.fileLimit)
        do throws(SigningError) {
            try self.init(parsing: text)
        } catch {
            throw SigningError(error.kind, "`\(path)` is no list of trusted keys: \(error)")
        }
    }

    /// Whatever is not understood is an error: a misspelt `notAfter` must not make a key valid for ever.
    public init(parsing text: [UInt8]) throws(SigningError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(text)
        } catch {
            throw SigningError(.malformed, "not valid JSON: \(error)")
        }
        guard let items = json.arrayValue else { throw SigningError(.malformed, "\(json.kindName) where an array is expected") }
        guard !items.isEmpty else { throw SigningError(.malformed, "it is empty, so that nothing could ever be accepted") }
        guard items.count <= Self.countLimit else { throw SigningError(.malformed, "more than \(Self.countLimit) keys") }
        var keys: [TrustedKey] = []
        for (index, item) in items.enumerated() {
            let key: TrustedKey
            do throws(SigningError) {
                key = try TrustedKey(parsing: item)
            } catch {
                throw SigningError(error.kind, "`/\(index)`: \(error)")
            }
            if let first = keys.firstIndex(where: { $0.key == key.key }) {
                throw SigningError(.malformed, "`/\(index)` is the same key as `/\(first)`")
            }
            keys.append(key)
        }
        self.keys = keys
    }
}

extension TrustedKey {
    fileprivate init(parsing json: JSONValue) throws(SigningError) {
        guard let object = json.objectValue else { throw SigningError(.malformed, "\(json.kindName) where an object is expected") }
        if let unknown = object.members.first(where: { !["publicKey", "notBefore", "notAfter", "comment"].contains($0.name) }) {
            throw SigningError(.malformed, "unknown member \(JSONWriter.quote(unknown.name))")
        }
        func text(_ name: String) throws(SigningError) -> String? {
            guard let value = object[name] else { return nil }
            guard let text = value.stringValue else {
                throw SigningError(.malformed, "`\(name)` is \(value.kindName) where a string is expected")
            }
            return text
        }
        func time(_ name: String) throws(SigningError) -> UTCTime? {
            guard let text = try text(name) else { return nil }
            guard let time = UTCTime(text) else {
                throw SigningError(.malformed, "`\(name)` is no time; write 2026-01-31T12:00:00Z")
            }
            return time
        }
        guard let publicKey = try text("publicKey") else { throw SigningError(.malformed, "`publicKey` is missing") }
        do throws(SigningError) {
            key = try VerificationKey(text: publicKey)
        } catch {
            throw SigningError(error.kind, "`publicKey`: \(error)")
        }
        (notBefore, notAfter, comment) = (try time("notBefore"), try time("notAfter"), try text("comment"))
        if let notBefore, let notAfter, notAfter < notBefore {
            throw SigningError(.malformed, "`notAfter` lies before `notBefore`")
        }
    }
}
