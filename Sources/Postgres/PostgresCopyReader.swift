/// Takes the messages of a binary COPY from the server apart (PostgreSQL manual, COPY: Binary Format).
struct PostgresCopyReader {
    let columnCount: Int
    private(set) var rowCount = 0
    private(set) var isEnded = false
    private var isBegun = false

    init(columnCount: Int) { self.columnCount = columnCount }

    /// The server sends a row a message, the first one behind the header.
    mutating func read(_ message: UnsafeRawBufferPointer, _ row: (UnsafeRawBufferPointer) throws -> Void) throws {
        var position = isBegun ? 0 : try header(message)
        isBegun = true
        while position < message.count {
            let count = Int16(bigEndian: try load(message, position))
            position += 2
            if count == -1 {
                isEnded = true
                return
            }
            guard Int(count) == columnCount, !isEnded else { throw Self.wrong }
            let start = position
            for _ in 0..<columnCount {
                let length = Int(Int32(bigEndian: try load(message, position)))
                position += 4
                guard length >= -1, length <= message.count - position else { throw Self.wrong }
                if length > 0 { position += length }
            }
            rowCount += 1
            try row(UnsafeRawBufferPointer(rebasing: message[start..<position]))
        }
    }

    private func header(_ message: UnsafeRawBufferPointer) throws(PostgresError) -> Int {
        let signature = "PGCOPY\n".utf8.map { $0 } + [0xFF, 0x0D, 0x0A, 0x00]
        guard message.count >= 19, message[..<11].elementsEqual(signature) else { throw Self.wrong }
        let flags = Int32(bigEndian: try load(message, 11))
        let extra = Int(Int32(bigEndian: try load(message, 15)))
        // The upper half of the flags changes the format.
        guard flags == 0, extra >= 0, extra <= message.count - 19 else { throw Self.wrong }
        return 19 + extra
    }

    private func load<N: FixedWidthInteger & BitwiseCopyable>(_ message: UnsafeRawBufferPointer, _ position: Int) throws(PostgresError) -> N
    {
        guard position + MemoryLayout<N>.size <= message.count else { throw Self.wrong }
        return message.loadUnaligned(fromByteOffset: position, as: N.self)
    }

    private static var wrong: PostgresError { PostgresError(.protocolViolation, "the server sent a COPY in a form that is not known") }
}
