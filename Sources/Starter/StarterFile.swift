/// A file of a starter repository.
public struct StarterFile: Sendable {
    /// From the root of the git repository.
    public var path: String
    public var bytes: [UInt8]
    public var isExecutable: Bool

    init(_ path: String, _ bytes: [UInt8], isExecutable: Bool = false) {
        self.path = path
        self.bytes = bytes
        self.isExecutable = isExecutable
    }
}
