/// Reads the data types of the SSH protocol (RFC 4251 §5) from bytes that may be anything.
struct WireReader {
    private var rest: ArraySlice<UInt8>
    /// What is being read, for messages.
    private let what: String

    init(_ bytes: some Sequence<UInt8>, _ what: String) {
        rest = ArraySlice(bytes)
        self.what = what
    }

    mutating func byte() throws(SignatureError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw cutShort }
        return byte
    }

    mutating func bytes(_ count: Int) throws(SignatureError) -> [UInt8] {
        guard count <= rest.count else { throw cutShort }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func uint32() throws(SignatureError) -> UInt32 {
        try bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() throws(SignatureError) -> [UInt8] {
        try bytes(Int(try uint32()))
    }

    /// A string that must be printable ASCII: a name of the protocol.
    mutating func name() throws(SignatureError) -> String {
        let bytes = try string()
        guard bytes.count <= 128, bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw SignatureError(.malformed, "\(what) holds a name that is none")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A positive integer in the one spelling that the protocol gives it, which is also that of a DER integer's content.
    mutating func positiveInteger() throws(SignatureError) -> [UInt8] {
        let bytes = try string()
        let isMinimal = bytes.count < 2 || bytes[0] != 0 || bytes[1] >= 0x80
        guard let first = bytes.first, first < 0x80, isMinimal, bytes != [0] else {
            throw SignatureError(.malformed, "\(what) holds a number that is not positive, or not written in the one way allowed")
        }
        return bytes
    }

    func end() throws(SignatureError) {
        guard rest.isEmpty else { throw SignatureError(.malformed, "\(what) goes on after its end") }
    }

    private var cutShort: SignatureError { SignatureError(.malformed, "\(what) is cut short") }
}

/// Writes the same.
enum Wire {
    static func string(_ bytes: some Collection<UInt8>) -> [UInt8] {
        // INVARIANT: no caller has as much as 4 GiB.
        let count = UInt32(truncatingIfNeeded: bytes.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + bytes
    }
}
