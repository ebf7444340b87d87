import JSON

/// Where the bundle in force came from.
public struct BundleProvision: Sendable {
    /// A file, an address or a database, for people; never with a credential.
    public var source: String
    /// Nanoseconds since 1970: when it came from there, be it to an earlier run.
    public var arrivedAt: Int64
    /// Under which it is in force at its source, where that counts.
    public var epoch: Int64?
    /// The envelope with its signature, as it came.
    public var signature: [UInt8]?
    /// The id of the key whose signature was accepted.
    public var signer: String?
    /// Whether it was kept by an earlier run, and its source has not been heard of since.
    public var isRestored: Bool

    public init(source: String, arrivedAt: Int64, epoch: Int64?, signature: [UInt8]?, signer: String?, isRestored: Bool) {
        self.source = source
        self.arrivedAt = arrivedAt
        self.epoch = epoch
        self.signature = signature
        self.signer = signer
        self.isRestored = isRestored
    }
}

extension BundleStore.Entry {
    /// What `/readyz` says of the bundle: which it is, where it came from and how long ago.
    var readinessJSON: JSONValue {
        var object: JSONObject = ["status": "ok", "digest": .string("sha256:\(engine.digest)"), "commit": .string(engine.commit)]
        if let provision {
            object["source"] = .string(provision.source)
            object["arrivedAt"] = .string(TimeText.rfc3339(provision.arrivedAt))
            object["ageSeconds"] = .int(max(0, (WallClock.now() - provision.arrivedAt) / 1_000_000_000))
            object["restored"] = .bool(provision.isRestored)
            if let epoch = provision.epoch { object["epoch"] = .int(epoch) }
            if let signer = provision.signer { object["signer"] = .string(signer) }
        }
        return .object(object)
    }
}
