/// Where bundles come from.
public protocol BundleFeed: Sendable {
    /// What is followed, for people; never with a credential.
    var name: String { get }
    /// Between two looks.
    var interval: Duration { get }
    /// Between two looks while they fail.
    var longestPause: Duration { get }

    /// What a bundle of this digest would be marked with, where that is known: one that was kept need not be sent again.
    func mark(of digest: String) -> String?

    /// Asks for the newest bundle. May block.
    ///
    /// - Parameters:
    ///   - mark: what an earlier answer was marked with: if the newest is still that one, it need not be sent again.
    ///   - wantsSignature: whether the signature will be verified. Otherwise it is only handed on, where it is at hand.
    ///   - isStopping: asked now and then; if so, asking ends with whatever failure.
    func fetch(after mark: String?, wantsSignature: Bool, isStopping: @escaping @Sendable () -> Bool) throws(FeedFailure) -> FeedAnswer
}

extension BundleFeed {
    public func mark(of digest: String) -> String? { nil }
}

/// What a feed has.
public enum FeedAnswer: Sendable {
    /// What `mark` stands for is the newest.
    ///
    /// - Parameter epoch: under which it is in force now, where the source counts.
    case unchanged(epoch: Int64?)
    case bundle(FetchedBundle)
}

/// A bundle as it came, of which nothing is proved yet.
public struct FetchedBundle: Sendable {
    public var bytes: [UInt8]
    /// The envelope beside it, if there is one.
    public var signature: [UInt8]?
    /// Tells this version from others of the same feed.
    public var mark: String
    /// Grows with what is in force, where the source counts it.
    public var epoch: Int64?
    /// The digest that it is to have, in hexadecimal, where the source says so.
    public var digest: String?

    public init(bytes: [UInt8], signature: [UInt8]?, mark: String, epoch: Int64? = nil, digest: String? = nil) {
        self.bytes = bytes
        self.signature = signature
        self.mark = mark
        self.epoch = epoch
        self.digest = digest
    }
}

/// Why a feed could not be asked. What is in force stays.
public struct FeedFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// One CamelCase word that stays the same.
    public var reason: String
    public var message: String
    /// Whether trying again will not mend it.
    public var needsHelp: Bool

    public init(_ reason: String, _ message: String, needsHelp: Bool = false) {
        self.reason = reason
        self.message = message
        self.needsHelp = needsHelp
    }

    public var description: String { message }
}
