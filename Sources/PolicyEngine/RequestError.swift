/// What is wrong with a request, and where.
public struct RequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// RFC 6901; empty for the request as a whole.
    public var pointer: String
    public var detail: String

    public init(_ pointer: String, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    public var description: String { "\(pointer.isEmpty ? "the request" : "`\(pointer)`") \(detail)" }

    /// A name as a part of a JSON Pointer (RFC 6901 §3).
    static func escape(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "~")) || name.utf8.contains(UInt8(ascii: "/")) else { return name }
        return String(name.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
    }
}
