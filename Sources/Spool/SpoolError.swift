/// Why a spool cannot be opened.
public struct SpoolError: Error, Sendable, CustomStringConvertible {
    public enum Reason: Sendable {
        /// Another process has it open.
        case inUse
        /// The folder cannot be made, read or written, or has no room.
        case files
        /// What lies there was not written by a spool, or by one of another format.
        case foreign
    }

    public var reason: Reason
    public var description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
